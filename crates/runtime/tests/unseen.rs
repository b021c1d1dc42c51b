//! Objects that a front end needs for itself.

mod recorded;

use std::sync::Arc;

use interleave_runtime::rt::{Lock, Wait};
use interleave_runtime::span::Title;
use interleave_runtime::threads::{Gate, spawn};
use recorded::recorded;

#[test]
fn a_wait_for_an_unseen_object_is_a_wait_for_nothing_in_particular() {
    let lanes = recorded(|| async {
        let lock = Arc::new(Lock::unseen());
        assert_eq!(lock.acquire(&Wait::forever()), Ok(true));
        let begun = Arc::new(Gate::default());
        let thread = {
            let (lock, begun) = (lock.clone(), begun.clone());
            spawn(Title::new("second"), move || {
                begun.open();
                lock.acquire(&Wait::forever())
            })
        };
        assert_eq!(begun.pass(), Ok(()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(lock.release(), Ok(()));
        assert_eq!(thread.join(), Ok(Ok(true)));
    });
    let second = lanes.iter().find(|lane| lane.starts_with("second: ")).map(String::as_str);
    let waited = "waiting interpreter | running second | completed";
    assert!(second.is_some_and(|lane| lane.ends_with(waited) && !lane.contains("took")), "{second:?}");
}
