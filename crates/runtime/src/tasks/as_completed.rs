//! Results in the order in which they come.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use super::gather::Watch;
use super::raised::Raised;
use super::task::Task;
use super::time::after;
use crate::rt::Site;

/// A task's place among those that were given, and its result.
pub type Completed<T> = (usize, Result<T, Raised>);

/// Tasks that give their results as they end.
pub struct AsCompleted<T> {
    tasks: Vec<Option<Task<T>>>,
    watch: Rc<Watch>,
    given: usize,
    until: Option<u64>,
}

/// The results of `tasks` in the order of their ends, until the time is up (`asyncio.as_completed`).
pub fn as_completed<T>(tasks: impl IntoIterator<Item = Task<T>>, timeout: Option<Duration>) -> AsCompleted<T> {
    let tasks: Vec<Task<T>> = tasks.into_iter().collect();
    let watch = Watch::over(&tasks, 0, false, false);
    AsCompleted { tasks: tasks.into_iter().map(Some).collect(), watch, given: 0, until: timeout.map(after) }
}

impl<T> AsCompleted<T> {
    /// Waits for the next one to end: its place and its result. `None` when all were given; [`Raised::TimedOut`] when the
    /// time was up.
    #[track_caller]
    pub fn next_completed(&mut self) -> impl Future<Output = Result<Option<Completed<T>>, Raised>> {
        let site = Site::here();
        async move {
            if self.given == self.tasks.len() {
                return Ok(None);
            }
            self.watch.expect(self.given + 1);
            self.watch.settled(site, self.until).await?;
            let place = self.watch.over.borrow().get(self.given).map(|place| *place as usize);
            let task = place.and_then(|place| Some((place, self.tasks.get_mut(place)?.take()?)));
            self.given += 1;
            Ok(task.map(|(place, task)| (place, task.take())))
        }
    }
}
