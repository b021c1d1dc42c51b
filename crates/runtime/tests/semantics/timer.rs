//! `threading.Timer`.

use std::sync::Arc;
use std::time::Duration;

use interleave_runtime::sync::{Event, Timer, thread};

use super::{SECOND, in_turns, let_others_run};

fn timer(event: &Arc<Event>) -> Timer {
    let event = event.clone();
    Timer::start("timer", SECOND, move || event.set())
}

#[test]
fn it_does_its_work_when_the_time_is_up() {
    let lanes = in_turns(|| {
        let done = Arc::new(Event::new("done"));
        let timer = timer(&done);
        assert_eq!(thread::sleep(Duration::from_millis(900)), Ok(()));
        assert!(!done.is_set());
        assert_eq!(timer.join(), Ok(()));
        assert!(done.is_set());
    });
    assert!(lanes[1].contains("waiting for event timer | timed out on event timer"), "{}", lanes[1]);
}

#[test]
fn one_that_was_cancelled_in_time_does_nothing() {
    in_turns(|| {
        let done = Arc::new(Event::new("done"));
        let timer = timer(&done);
        let_others_run();
        timer.cancel();
        assert_eq!(timer.join(), Ok(()));
        assert!(!done.is_set());
    });
}

#[test]
fn cancelling_after_its_time_does_nothing() {
    in_turns(|| {
        let done = Arc::new(Event::new("done"));
        let timer = timer(&done);
        assert_eq!(thread::sleep(SECOND * 2), Ok(()));
        timer.cancel();
        assert!(done.is_set());
        assert_eq!(timer.join(), Ok(()));
    });
}
