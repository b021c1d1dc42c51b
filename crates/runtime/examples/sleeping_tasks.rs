//! So many tasks that sleep and are joined, unrecorded and recorded: how long it takes, and how much memory each needs
//! while all sleep.
//!
//! ```text
//! cargo run --release -p interleave-runtime --example sleeping_tasks 100000
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::{Duration, Instant};

use interleave_runtime::instance::begin_lane;
use interleave_runtime::sys::block_on;
use interleave_runtime::tasks::{gather_settled, sleep, spawn, yield_now};
use interleave_trace::{fresh_lane, set_recording};

struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: all calls go to `System` unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NAP: Duration = Duration::from_millis(500);

fn main() {
    let count: u32 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    begin_lane(fresh_lane());
    for recorded in [false, true] {
        set_recording(recorded);
        block_on(async {
            let before = HELD.load(Ordering::Relaxed);
            let began = Instant::now();
            let tasks: Vec<_> = (0..count).map(|n| spawn(("sleeper", n), sleep(NAP))).collect();
            let created = began.elapsed();
            let watch = spawn("watch", async {
                yield_now().await?;
                Ok(HELD.load(Ordering::Relaxed))
            });
            let held = watch.join().await.unwrap_or(before) - before;
            let slept = gather_settled(tasks).await.map_or(0, |slept| slept.iter().filter(|it| it.is_ok()).count());
            let all = began.elapsed();
            let each = held / count.max(1) as isize;
            println!("{slept} of {count} tasks slept for {NAP:?}, recorded: {recorded}");
            println!("  created in {created:?}, joined after {all:?}, {each} bytes each");
        });
    }
}
