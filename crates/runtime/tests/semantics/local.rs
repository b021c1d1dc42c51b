//! `threading.local`.

use std::cell::Cell;
use std::sync::Arc;

use interleave_runtime::sync::{Local, Queue, thread};

use super::in_turns;

#[test]
fn each_thread_has_a_value_of_its_own() {
    in_turns(|| {
        let local = Arc::new(Local::new(|| Cell::new(1)));
        local.with(|value| value.set(2));
        let other = local.clone();
        let theirs = thread::spawn("other", move || {
            let first = other.with(Cell::get);
            other.with(|value| value.set(3));
            Ok((first, other.with(Cell::get)))
        });
        assert_eq!(theirs.join(), Ok((1, 3)));
        assert_eq!(local.with(Cell::get), 2);
    });
}

#[test]
fn two_locals_of_a_thread_are_told_apart() {
    in_turns(|| {
        let (one, other) = (Local::new(|| Cell::new(1)), Local::new(|| Cell::new(1)));
        one.with(|value| value.set(2));
        assert_eq!(other.with(Cell::get), 1);
    });
}

#[test]
fn making_a_value_may_ask_for_another() {
    in_turns(|| {
        let first = Arc::new(Local::new(|| 20));
        let second = Local::new(move || first.with(|value| value + 1));
        assert_eq!(second.with(|value| *value), 21);
    });
}

#[test]
fn a_value_goes_with_its_thread() {
    struct Tells(Arc<Queue<&'static str>>);

    impl Drop for Tells {
        fn drop(&mut self) {
            assert_eq!(self.0.put("dropped"), Ok(()));
        }
    }

    in_turns(|| {
        let told = Arc::new(Queue::new("told"));
        let tells = told.clone();
        let local = Local::new(move || Tells(tells.clone()));
        assert_eq!(thread::spawn("other", move || local.with(|_| Ok(()))).join(), Ok(()));
        assert_eq!(told.try_get(), Ok("dropped"));
    });
}
