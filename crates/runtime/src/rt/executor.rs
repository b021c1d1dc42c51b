//! A pool of threads that do work as it is submitted.

use interleave_trace::{LaneId, ObjectKind};

use super::error::SyncError;
use super::future::Future;
use super::monitor::{Monitor, Wait};
use super::object::Object;
use super::queue::Queue;
use super::site::Site;
use crate::span::Title;
use crate::sys;
use crate::sys::sync::Arc;
use crate::threads::{JoinHandle, spawn};

/// Python's `concurrent.futures.ThreadPoolExecutor`: a thread is only started when there is work and none is idle.
pub struct Executor {
    shared: Arc<Shared>,
    title: Title,
    most: u32,
}

struct Shared {
    jobs: Queue<Box<dyn Job>>,
    crew: Monitor<Crew>,
    site: Site,
}

#[derive(Default)]
struct Crew {
    threads: Vec<Arc<JoinHandle<()>>>,
    started: u32,
    idle: u32,
    /// How many are just submitting something, and may start a thread for it.
    submitting: u32,
    submitted: u32,
    shut: bool,
}

/// Work and the future that knows what becomes of it.
trait Job: Send {
    fn run(self: Box<Self>);
    fn cancel(&self);
}

struct Submitted<T, F> {
    future: Arc<Future<T>>,
    work: F,
}

impl<T: Send + 'static, F: FnOnce() -> T + Send> Job for Submitted<T, F> {
    fn run(self: Box<Self>) {
        let Self { future, work } = *self;
        if future.start() {
            future.finish(sys::catching(work));
        }
    }

    fn cancel(&self) {
        self.future.cancel();
    }
}

impl Executor {
    /// One of at most so many threads, which are called `title` and a number. `site` is where it was asked for.
    pub fn new(title: Title, most: u32, site: Site) -> Self {
        let crew = Monitor::new(Object::nameless(ObjectKind::Semaphore), Crew::default());
        Self { shared: Arc::new(Shared { jobs: Queue::new(title, None), crew, site }), title, most: most.max(1) }
    }

    /// Has `work` done by one of its threads.
    pub fn submit<T: Send + 'static>(
        &self,
        site: Site,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Arc<Future<T>>, SyncError> {
        let shared = &self.shared;
        let number = shared.crew.with(|crew| {
            if crew.shut {
                return Err(SyncError::ShutDown);
            }
            crew.submitting += 1;
            crew.submitted += 1;
            Ok(crew.submitted)
        })?;
        let future = Future::new(self.title.with_number(number));
        let put = shared.jobs.put(Box::new(Submitted { future: future.clone(), work }), &Wait { site, timeout: None });
        let number = shared.crew.peek(|crew| match crew.idle.checked_sub(1) {
            Some(idle) => {
                crew.idle = idle;
                None
            }
            None if crew.started < self.most && put.is_ok() => {
                crew.started += 1;
                Some(crew.started)
            }
            None => None,
        });
        let thread = number.map(|number| {
            let shared = shared.clone();
            Arc::new(spawn(self.title.with_number(number), move || shared.work()))
        });
        shared.crew.peek(|crew| {
            crew.threads.extend(thread);
            crew.submitting -= 1;
            crew.wake_all();
        });
        put.map(|()| future)
    }

    /// Takes no more work. What was submitted is done, or cancelled if it has not begun and `cancel_futures` is set.
    pub fn shut(&self, cancel_futures: bool) {
        self.shared.crew.with(|crew| crew.shut = true);
        self.shared.jobs.shutdown(cancel_futures).into_iter().for_each(|job| job.cancel());
    }

    /// Waits until the threads of one that was [shut](Self::shut) have ended. Gives whether they had in time.
    pub fn join(&self, wait: &Wait) -> Result<bool, SyncError> {
        let crew = &self.shared.crew;
        let idle = |crew: &mut super::monitor::Access<'_, Crew>| (crew.submitting == 0).then(|| crew.threads.clone());
        let threads = crew.wait_until(&Wait { timeout: None, ..*wait }, |_| LaneId::NONE, idle)?;
        for thread in threads {
            if !thread.wait(wait)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Shared {
    /// What a thread of the pool does.
    fn work(&self) {
        let wait = |timeout| Wait { site: self.site, timeout };
        loop {
            let job = match self.jobs.get(&wait(Some(std::time::Duration::ZERO))) {
                Err(SyncError::Empty) => {
                    self.crew.peek(|crew| crew.idle += 1);
                    self.jobs.get(&wait(None))
                }
                job => job,
            };
            // Shut down, or cancelled.
            let Ok(job) = job else { return };
            job.run();
        }
    }
}
