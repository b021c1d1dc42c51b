//! The tasks of an event loop as lanes: what `asyncio` in Python does with its tasks is told here, step by step.
//!
//! ```text
//!  host   running | waiting: event loop ....................................... | running
//!  task             ready | running | waiting for a lock .... | ready | running | completed
//!                   Lane()   begin    pause                     ready   begin     finish
//! ```
//! Unlike the runtime's own tasks these are not futures of Rust: their loop is Python's, and who goes next is decided
//! there, first come, first served.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_tasks")]
mod module {
    use std::cell::{Cell, RefCell};
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::sync::{Mutex, PoisonError};

    use interleave_runtime::rt::{Object, Site};
    use interleave_runtime::span::{self, Title};
    use interleave_trace::{
        LaneId, LaneKind, MessageId, NameId, ObjectId, ObjectKind, Outcome, State, What, clock, fresh_lane,
        fresh_message, here, is_recording, record, record_at, set_current_lane,
    };
    use vm::builtins::PyUtf8StrRef;
    use vm::function::OptionalOption;
    use vm::{Py, PyObjectRef, PyPayload, PyRef, VirtualMachine, pyclass};

    use crate::{names, place};

    /// What a task that is pending waits for.
    #[derive(Clone, Copy, Debug)]
    struct Hint {
        state: State,
        on: ObjectId,
        holder: LaneId,
        site: Site,
        title: Title,
    }

    thread_local! {
        /// The tasks that this thread is polling: one, or several if a task starts another eagerly.
        static POLLED: RefCell<Vec<PyRef<PyLane>>> = const { RefCell::new(Vec::new()) };
        /// The lane that hosts the event loop of this thread.
        static HOST: Cell<LaneId> = const { Cell::new(LaneId::NONE) };
        /// Whether it shows as waiting for its loop.
        static HOST_WAITS: Cell<bool> = const { Cell::new(false) };
    }

    fn polled() -> Option<PyRef<PyLane>> {
        POLLED.with_borrow(|polled| polled.last().cloned())
    }

    fn host() -> LaneId {
        if POLLED.with_borrow(Vec::is_empty) {
            HOST.set(here());
        }
        HOST.get()
    }

    /// The lane of a task.
    #[pyattr]
    #[pyclass(module = "_interleave_tasks", name = "Lane")]
    #[derive(Debug, PyPayload)]
    struct PyLane {
        lane: LaneId,
        title: Title,
        /// What its end is to the trace, once somebody waited for it.
        end: AtomicU32,
        is_begun: AtomicBool,
        /// Whether it will be polled, and shows so.
        is_ready: AtomicBool,
        /// What it waits for, as it was recorded.
        on: AtomicU32,
        hint: Mutex<Option<Hint>>,
        /// How many timeouts are running over it.
        timeouts: AtomicU32,
        /// The lane and the title that were there before it was polled.
        before: Mutex<Option<(LaneId, Title, Outcome)>>,
    }

    /// A lane for a new task, which the calling lane starts.
    #[pyfunction]
    fn start(title: PyUtf8StrRef) -> PyLane {
        let title = names::title(title.as_str());
        let (parent, host, lane) = (here(), host(), fresh_lane());
        let (name, number) = (title.name(), title.number());
        record_at(clock::now(), lane, What::Spawned { parent, kind: LaneKind::Task, name, number, host });
        PyLane {
            lane,
            title,
            end: AtomicU32::new(ObjectId::NONE.0),
            is_begun: AtomicBool::new(false),
            is_ready: AtomicBool::new(true),
            on: AtomicU32::new(ObjectId::NONE.0),
            hint: Mutex::default(),
            timeouts: AtomicU32::new(0),
            before: Mutex::default(),
        }
    }

    impl PyLane {
        fn end(&self) -> ObjectId {
            if self.end.load(Ordering::Relaxed) == ObjectId::NONE.0 {
                self.end.store(Object::nameless(ObjectKind::End).id().0, Ordering::Relaxed);
            }
            ObjectId(self.end.load(Ordering::Relaxed))
        }

        fn hint(&self) -> Option<Hint> {
            *self.hint.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn set_hint(&self, hint: Option<Hint>) -> Option<Hint> {
            std::mem::replace(&mut *self.hint.lock().unwrap_or_else(PoisonError::into_inner), hint)
        }

        /// The thread goes back to what it did before.
        fn leave(&self) {
            let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).take();
            POLLED.with_borrow_mut(|polled| drop(polled.pop()));
            if let Some((lane, title, outcome)) = before {
                span::swap_running(title);
                span::swap_outcome(outcome);
                set_current_lane(lane);
            }
        }

        fn record_pending(&self, hint: Hint) {
            let Hint { state, on, holder, site, title } = hint;
            self.on.store(on.0, Ordering::Relaxed);
            if !is_recording() {
                return;
            }
            let (name, number) = match on.some() {
                Some(_) => site.parts(),
                None => (title.name(), title.number()),
            };
            let timed = self.timeouts.load(Ordering::Relaxed) > 0;
            record(What::Entered { state, name, number, on, holder, timed });
        }
    }

    #[pyclass]
    impl PyLane {
        /// It is polled from here on.
        #[pymethod]
        fn begin(zelf: PyRef<Self>) {
            let host = host();
            if !HOST_WAITS.replace(true) && is_recording() {
                let title = Title::new("event loop");
                let (state, on, holder) = (State::Waiting, ObjectId::NONE, LaneId::NONE);
                let (name, number) = (title.name(), title.number());
                record_at(clock::now(), host, What::Entered { state, name, number, on, holder, timed: false });
            }
            let lane = set_current_lane(zelf.lane);
            let before = (lane, span::swap_running(zelf.title), span::swap_outcome(Outcome::Completed));
            *zelf.before.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
            if !zelf.is_begun.swap(true, Ordering::Relaxed) {
                record(What::Started);
            }
            zelf.is_ready.store(false, Ordering::Relaxed);
            span::running(zelf.title);
            POLLED.with_borrow_mut(|polled| polled.push(zelf));
        }

        /// The poll is over and left it pending: on `awaited`, which is the lane of another task or what the future says of
        /// itself; unless it can go on at once.
        #[pymethod]
        fn pause(zelf: &Py<Self>, awaited: PyObjectRef, vm: &VirtualMachine) {
            if zelf.is_ready.load(Ordering::Relaxed) {
                span::waiting(State::Ready, Title::NONE);
            } else if let Some(task) = awaited.downcast_ref::<PyLane>() {
                let (on, site) = (task.end(), Site::NONE);
                let title = Title::NONE;
                zelf.record_pending(Hint { state: State::Waiting, on, holder: task.lane, site, title });
            } else if let Some(hint) = zelf.hint() {
                zelf.record_pending(hint);
            } else {
                let said = awaited.downcast_ref::<vm::builtins::PyStr>().and_then(|said| said.to_str());
                let title = said.filter(|_| !vm.is_none(&awaited)).map_or_else(|| Title::new("future"), names::title);
                let (state, on, holder) = (State::Waiting, ObjectId::NONE, LaneId::NONE);
                zelf.record_pending(Hint { state, on, holder, site: Site::NONE, title });
            }
            zelf.leave();
        }

        /// It is over, and ended so.
        #[pymethod]
        fn finish(zelf: &Py<Self>, outcome: PyUtf8StrRef) {
            let outcome = Outcome::from_text(outcome.as_str()).unwrap_or(Outcome::Completed);
            record(What::Ended(outcome));
            zelf.leave();
        }

        /// It will be polled: what it waited for is over.
        #[pymethod]
        fn ready(zelf: &Py<Self>) {
            if zelf.is_ready.swap(true, Ordering::Relaxed) || !is_recording() {
                return;
            }
            let waker = polled().map(|waker| waker.lane);
            if waker == Some(zelf.lane) {
                // It is being polled, and will show what it is when that is over.
                return;
            }
            let on = ObjectId(zelf.on.swap(ObjectId::NONE.0, Ordering::Relaxed));
            if on.some().is_some() || waker.is_some() {
                // What a timer or another thread brings is nobody's doing on this loop.
                record_at(clock::now(), waker.unwrap_or(zelf.lane), What::Woke { target: zelf.lane, on });
            }
            let (state, name, number) = (State::Ready, NameId::NONE, interleave_trace::NO_NUMBER);
            let (on, holder) = (ObjectId::NONE, LaneId::NONE);
            record_at(clock::now(), zelf.lane, What::Entered { state, name, number, on, holder, timed: false });
        }

        /// A timeout begins to run over it.
        #[pymethod]
        fn add_timeout(zelf: &Py<Self>) {
            zelf.timeouts.fetch_add(1, Ordering::Relaxed);
        }

        /// A timeout is over.
        #[pymethod]
        fn remove_timeout(zelf: &Py<Self>) {
            zelf.timeouts.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The lane that hosts the loop does something itself again.
    #[pyfunction]
    fn host_goes_on() {
        if HOST_WAITS.replace(false) {
            span::resumed();
        }
    }

    /// The lane that hosts the loop waits until something is to be done.
    #[pyfunction]
    fn host_waits() {
        HOST_WAITS.set(false);
    }

    /// What tasks wait for or hand over.
    #[pyattr]
    #[pyclass(module = "_interleave_tasks", name = "Object")]
    #[derive(Debug, PyPayload)]
    struct PyTaskObject {
        object: Object,
        holder: Mutex<LaneId>,
    }

    /// An object of one of `asyncio`'s classes. One that the library makes for itself is on no timeline.
    #[pyfunction]
    fn object(kind: PyUtf8StrRef, class: PyUtf8StrRef) -> PyTaskObject {
        let kind = ObjectKind::from_text(kind.as_str()).unwrap_or(ObjectKind::Event);
        let object = match place::is_part_of_another() {
            true => Object::unseen(kind),
            false => Object::new(kind, names::title_of_new_outside(class.as_str())),
        };
        PyTaskObject { object, holder: Mutex::new(LaneId::NONE) }
    }

    /// What the task that is being polled was said to wait for before.
    #[pyattr]
    #[pyclass(module = "_interleave_tasks", name = "Hint")]
    #[derive(Debug, PyPayload)]
    struct PyHint(Option<Hint>);

    #[pyclass]
    impl PyHint {}

    fn say(hint: Hint) -> PyHint {
        PyHint(polled().and_then(|task| task.set_hint(Some(hint))))
    }

    /// From here on the task that is being polled sleeps, if it is pending.
    #[pyfunction]
    fn sleeps() -> PyHint {
        let (on, holder, site) = (ObjectId::NONE, LaneId::NONE, Site::NONE);
        say(Hint { state: State::Sleeping, on, holder, site, title: Title::new("sleep") })
    }

    /// It waits for what it did before.
    #[pyfunction]
    fn waits_as_before(hint: PyRef<PyHint>) {
        if let Some(task) = polled() {
            task.set_hint(hint.0);
        }
    }

    #[pyclass]
    impl PyTaskObject {
        fn holder(&self) -> LaneId {
            *self.holder.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// From here on the task that is being polled waits for this, if it is pending.
        #[pymethod]
        fn awaited(zelf: &Py<Self>) -> PyHint {
            let (on, holder, site) = (zelf.object.id(), zelf.holder(), place::site());
            say(Hint { state: State::Waiting, on, holder, site, title: Title::new("asyncio") })
        }

        #[pymethod]
        fn acquired(zelf: &Py<Self>) {
            *zelf.holder.lock().unwrap_or_else(PoisonError::into_inner) = here();
            if zelf.object.is_seen() && is_recording() {
                let (file, line) = place::site().parts();
                record(What::Acquired { on: zelf.object.id(), file, line });
            }
        }

        #[pymethod]
        fn released(zelf: &Py<Self>) {
            let holder = zelf.holder();
            *zelf.holder.lock().unwrap_or_else(PoisonError::into_inner) = LaneId::NONE;
            if zelf.object.is_seen() && is_recording() {
                record(What::Released { on: zelf.object.id(), holder });
            }
        }
    }

    /// An item goes into a queue. Gives the number by which it comes out again.
    #[pyfunction]
    fn sent() -> u64 {
        let message = fresh_message();
        if is_recording() {
            record(What::Sent { message, bytes: 0, name: NameId::NONE });
        }
        message.0
    }

    /// An item came out of a queue.
    #[pyfunction]
    fn received(message: OptionalOption<u64>) {
        if let Some(message) = message.flatten()
            && is_recording()
        {
            record(What::Received { message: MessageId(message), bytes: 0 });
        }
    }
}
