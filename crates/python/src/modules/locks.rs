//! Locks, semaphores, events, conditions and barriers.
//!
//! What `threading` makes of locks in Python (its events, conditions and so on) is here bound to the core one by one, so
//! that each shows on the timeline as what it is. Waiting is done detached from the interpreter, since somebody may want
//! to stop all threads that are attached.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_locks")]
mod module {
    use std::num::NonZeroU32;
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
    use std::sync::{Arc, OnceLock};

    use interleave_runtime::rt;
    use interleave_runtime::rt::{SyncError, Underlying, Wait};
    use vm::builtins::{PyTupleRef, PyTypeRef};
    use vm::function::{ArgCallable, FuncArgs, OptionalArg, TimeoutSeconds};
    use vm::types::{Constructor, DefaultConstructor, Initializer, Representable};
    use vm::{AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};

    use crate::modules::threads::get_ident;
    use crate::modules::{TIMEOUT_MAX, exception_of, refused, seconds, shown, wait_of, wait_of_seconds};
    use crate::{names, place};

    #[derive(FromArgs)]
    struct AcquireArgs {
        #[pyarg(any, default = true)]
        blocking: bool,
        #[pyarg(any, default = TimeoutSeconds::new(-1.0), py_default = "-1")]
        timeout: TimeoutSeconds,
    }

    impl AcquireArgs {
        fn wait(self, vm: &VirtualMachine) -> PyResult<Wait> {
            let timeout = self.timeout.to_secs_f64();
            match self.blocking {
                false if timeout != -1.0 => Err(vm.new_value_error("can't specify a timeout for a non-blocking call")),
                false => wait_of_seconds(Some(0.0), vm),
                true if timeout == -1.0 => wait_of_seconds(None, vm),
                true if timeout < 0.0 => Err(vm.new_value_error("timeout value must be a non-negative number")),
                true if timeout > TIMEOUT_MAX => Err(vm.new_overflow_error("timeout value is too large")),
                true => wait_of_seconds(Some(timeout), vm),
            }
        }
    }

    fn forever() -> Wait {
        Wait { site: place::site(), timeout: None }
    }

    /// Runs what may block.
    fn waiting<T>(vm: &VirtualMachine, wait: impl FnOnce() -> Result<T, SyncError>) -> PyResult<T> {
        vm.allow_threads(wait).map_err(|error| refused(error, vm))
    }

    /// `_thread.lock`, which is `threading.Lock`.
    #[pyattr]
    #[pyclass(module = "_thread", name = "lock")]
    #[derive(PyPayload)]
    struct PyLock {
        core: Arc<rt::Lock>,
    }

    impl std::fmt::Debug for PyLock {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("lock")
        }
    }

    /// A lock of the interpreter's own, which no timeline shows.
    #[pyfunction]
    fn hidden_lock() -> PyLock {
        PyLock { core: Arc::new(rt::Lock::unseen()) }
    }

    #[pyfunction]
    fn allocate_lock() -> PyLock {
        if place::is_of_the_interpreter() {
            return hidden_lock();
        }
        PyLock { core: Arc::new(rt::Lock::new(names::title_of_new("Lock"))) }
    }

    #[pyclass(with(Representable), flags(HAS_WEAKREF))]
    impl PyLock {
        #[pyslot]
        fn slot_new(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            if !args.args.is_empty() || !args.kwargs.is_empty() {
                return Err(vm.new_type_error("lock() takes no arguments"));
            }
            allocate_lock().into_ref_with_type(vm, cls).map(Into::into)
        }

        #[pymethod]
        #[pymethod(name = "acquire_lock")]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = args.wait(vm)?;
            waiting(vm, || zelf.core.acquire(&wait))
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = forever();
            waiting(vm, || zelf.core.acquire(&wait))
        }

        #[pymethod]
        #[pymethod(name = "release_lock")]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.release().map_err(|error| match error {
                SyncError::NotHeld => vm.new_runtime_error("release unlocked lock"),
                other => refused(other, vm),
            })
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        /// As in a process that was forked while another thread had it: free.
        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>) {
            // Nobody held it, or nobody does from now on.
            let _was_free = zelf.core.release();
        }

        #[pymethod]
        #[pymethod(name = "locked_lock")]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.core.is_locked()
        }
    }

    impl Representable for PyLock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(shown(if zelf.core.is_locked() { "locked" } else { "unlocked" }, zelf.as_object()))
        }
    }

    /// `_thread.RLock`.
    #[pyattr]
    #[pyclass(module = "_thread", name = "RLock")]
    #[derive(PyPayload)]
    struct PyRLock {
        core: Arc<rt::RLock>,
        /// How often its holder has it. As the next, it is written by the holder alone.
        depth: AtomicU32,
        /// The thread that has it, or zero.
        owner: AtomicU64,
    }

    impl std::fmt::Debug for PyRLock {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("RLock")
        }
    }

    impl PyRLock {
        fn take(&self, wait: &Wait, vm: &VirtualMachine) -> PyResult<bool> {
            let taken = waiting(vm, || self.core.acquire(wait))?;
            if taken {
                self.depth.fetch_add(1, Ordering::Relaxed);
                self.owner.store(get_ident(), Ordering::Relaxed);
            }
            Ok(taken)
        }

        /// Gives how often it was held before.
        fn set(&self, depth: u32, owner: u64) -> u32 {
            self.owner.store(owner, Ordering::Relaxed);
            self.depth.swap(depth, Ordering::Relaxed)
        }

        fn of(core: rt::RLock) -> Self {
            Self { core: Arc::new(core), depth: AtomicU32::new(0), owner: AtomicU64::new(0) }
        }
    }

    /// A lock of the interpreter's own, which no timeline shows.
    #[pyfunction]
    fn hidden_rlock() -> PyRLock {
        PyRLock::of(rt::RLock::unseen())
    }

    fn new_rlock() -> PyRLock {
        if place::is_of_the_interpreter() {
            return hidden_rlock();
        }
        PyRLock::of(rt::RLock::new(names::title_of_new("RLock")))
    }

    #[pyclass(with(Representable), flags(BASETYPE, HAS_WEAKREF))]
    impl PyRLock {
        #[pyslot]
        fn slot_new(cls: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            new_rlock().into_ref_with_type(vm, cls).map(Into::into)
        }

        #[pymethod]
        fn acquire(zelf: &Py<Self>, args: AcquireArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = args.wait(vm)?;
            zelf.take(&wait, vm)
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.take(&forever(), vm)
        }

        #[pymethod]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            if !zelf.core.is_owned() {
                return Err(vm.new_runtime_error("cannot release un-acquired lock"));
            }
            // Before it is let go: afterwards these are another's.
            if zelf.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
                zelf.owner.store(0, Ordering::Relaxed);
            }
            zelf.core.release().map_err(|error| refused(error, vm))
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, vm)
        }

        #[pymethod]
        fn locked(zelf: &Py<Self>) -> bool {
            zelf.core.is_locked()
        }

        #[pymethod]
        fn _is_owned(zelf: &Py<Self>) -> bool {
            zelf.core.is_owned()
        }

        #[pymethod]
        fn _recursion_count(zelf: &Py<Self>) -> u32 {
            if zelf.core.is_owned() { zelf.depth.load(Ordering::Relaxed) } else { 0 }
        }

        /// As in a process that was forked: what the caller holds of it is let go.
        #[pymethod]
        fn _at_fork_reinit(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            for _ in 0..Self::_recursion_count(zelf) {
                Self::release(zelf, vm)?;
            }
            Ok(())
        }

        #[pymethod]
        fn _release_save(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<(u32, u64)> {
            let depth = Self::_recursion_count(zelf);
            for _ in 0..depth.max(1) {
                Self::release(zelf, vm)?;
            }
            Ok((depth, get_ident()))
        }

        #[pymethod]
        fn _acquire_restore(zelf: &Py<Self>, state: PyTupleRef, vm: &VirtualMachine) -> PyResult<()> {
            let Some(depth) = state.as_slice().first() else {
                return Err(vm.new_type_error("_acquire_restore() argument 1 must be a 2-item tuple"));
            };
            let depth: u32 = depth.clone().try_into_value(vm)?;
            for _ in 0..depth {
                zelf.take(&forever(), vm)?;
            }
            Ok(())
        }
    }

    impl Representable for PyRLock {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(format!(
                "<{} {} object owner={} count={} at {:#x}>",
                if zelf.core.is_locked() { "locked" } else { "unlocked" },
                zelf.class().name(),
                zelf.owner.load(Ordering::Relaxed),
                zelf.depth.load(Ordering::Relaxed),
                zelf.get_id()
            ))
        }
    }

    /// What an object has once `__init__` was called, for classes that Python programs derive from.
    fn begun<'a, T>(core: &'a OnceLock<T>, class: &str, vm: &VirtualMachine) -> PyResult<&'a T> {
        core.get().ok_or_else(|| vm.new_runtime_error(format!("{class}.__init__() was not called")))
    }

    /// `threading.Semaphore` and `threading.BoundedSemaphore`.
    #[pyattr]
    #[pyclass(module = "threading", name = "Semaphore")]
    #[derive(Default, PyPayload)]
    struct PySemaphore {
        core: OnceLock<rt::Semaphore>,
    }

    impl std::fmt::Debug for PySemaphore {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Semaphore")
        }
    }

    #[derive(FromArgs)]
    struct PermitsArgs {
        #[pyarg(any, default = 1)]
        value: i64,
    }

    #[derive(FromArgs)]
    struct PermitArgs {
        #[pyarg(any, default = true)]
        blocking: bool,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct GiveBackArgs {
        #[pyarg(any, default = 1)]
        n: i64,
    }

    impl DefaultConstructor for PySemaphore {}

    impl Initializer for PySemaphore {
        type Args = PermitsArgs;

        fn init(zelf: &Py<Self>, args: PermitsArgs, vm: &VirtualMachine) -> PyResult<()> {
            if args.value < 0 {
                return Err(vm.new_value_error("semaphore initial value must be >= 0"));
            }
            let permits = u32::try_from(args.value).map_err(|_| vm.new_overflow_error("too many permits"))?;
            let bounded = zelf.class().as_object().get_attr("_bounded", vm).is_ok();
            let semaphore = match bounded {
                true => rt::Semaphore::bounded(names::title_of_new("BoundedSemaphore"), permits),
                false => rt::Semaphore::new(names::title_of_new("Semaphore"), permits),
            };
            let _first_counts = zelf.core.set(semaphore);
            Ok(())
        }
    }

    #[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
    impl PySemaphore {
        #[pymethod]
        fn acquire(zelf: &Py<Self>, args: PermitArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let timeout = seconds(args.timeout.into_option(), vm)?;
            if !args.blocking && timeout.is_some() {
                return Err(vm.new_value_error("can't specify timeout for non-blocking acquire"));
            }
            let wait = wait_of_seconds(if args.blocking { timeout } else { Some(0.0) }, vm)?;
            let core = begun(&zelf.core, "Semaphore", vm)?;
            waiting(vm, || core.acquire(&wait))
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            let core = begun(&zelf.core, "Semaphore", vm)?;
            let wait = forever();
            waiting(vm, || core.acquire(&wait))
        }

        #[pymethod]
        fn release(zelf: &Py<Self>, args: GiveBackArgs, vm: &VirtualMachine) -> PyResult<()> {
            let count = u32::try_from(args.n).ok().and_then(NonZeroU32::new);
            let Some(count) = count else { return Err(vm.new_value_error("n must be one or more")) };
            begun(&zelf.core, "Semaphore", vm)?.release_many(count).map_err(|error| match error {
                SyncError::ReleasedTooOften => vm.new_value_error("Semaphore released too many times"),
                other => refused(other, vm),
            })
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::release(zelf, GiveBackArgs { n: 1 }, vm)
        }

        #[pygetset]
        fn _value(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            Ok(begun(&zelf.core, "Semaphore", vm)?.free())
        }
    }

    /// `threading.Event`.
    #[pyattr]
    #[pyclass(module = "threading", name = "Event")]
    #[derive(Default, PyPayload)]
    struct PyEvent {
        core: OnceLock<rt::Event>,
    }

    impl std::fmt::Debug for PyEvent {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Event")
        }
    }

    #[derive(FromArgs)]
    struct TimeoutArgs {
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    impl DefaultConstructor for PyEvent {}

    impl Initializer for PyEvent {
        type Args = ();

        fn init(zelf: &Py<Self>, _args: (), _vm: &VirtualMachine) -> PyResult<()> {
            let event = match place::is_of_the_interpreter() {
                true => rt::Event::unseen(),
                false => rt::Event::new(names::title_of_new("Event")),
            };
            let _first_counts = zelf.core.set(event);
            Ok(())
        }
    }

    #[pyclass(with(Constructor, Initializer, Representable), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
    impl PyEvent {
        #[pymethod]
        fn is_set(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            Ok(begun(&zelf.core, "Event", vm)?.is_set())
        }

        #[pymethod]
        fn set(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            begun(&zelf.core, "Event", vm)?.set();
            Ok(())
        }

        #[pymethod]
        fn clear(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            begun(&zelf.core, "Event", vm)?.clear();
            Ok(())
        }

        #[pymethod]
        fn wait(zelf: &Py<Self>, args: TimeoutArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = wait_of(args.timeout.into_option(), vm)?;
            let core = begun(&zelf.core, "Event", vm)?;
            waiting(vm, || core.wait(&wait))
        }
    }

    impl Representable for PyEvent {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            let set = zelf.core.get().is_some_and(rt::Event::is_set);
            let state = if set { "set" } else { "unset" };
            Ok(format!("<threading.{} at {:#x}: {state}>", zelf.class().name(), zelf.get_id()))
        }
    }

    /// `threading.Condition`, over a lock of ours. Over any other lock it is the one that `threading` has in Python.
    #[pyattr]
    #[pyclass(module = "threading", name = "Condition")]
    #[derive(Default, PyPayload)]
    struct PyCondition {
        begun: OnceLock<(rt::Condition, PyObjectRef)>,
    }

    impl std::fmt::Debug for PyCondition {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Condition")
        }
    }

    #[derive(FromArgs)]
    struct ConditionArgs {
        #[pyarg(any, optional)]
        lock: OptionalArg<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct WaitForArgs {
        #[pyarg(any)]
        predicate: ArgCallable,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct NotifyArgs {
        #[pyarg(any, default = 1)]
        n: usize,
    }

    impl DefaultConstructor for PyCondition {}

    impl Initializer for PyCondition {
        type Args = ConditionArgs;

        fn init(zelf: &Py<Self>, args: ConditionArgs, vm: &VirtualMachine) -> PyResult<()> {
            let title = names::title_of_new("Condition");
            let lock = args.lock.into_option().filter(|lock| !vm.is_none(lock));
            let lock = lock.unwrap_or_else(|| new_rlock().into_ref(&vm.ctx).into());
            let underlying = if let Some(lock) = lock.downcast_ref::<PyLock>() {
                Underlying::Lock(lock.core.clone())
            } else if let Some(lock) = lock.downcast_ref::<PyRLock>() {
                Underlying::RLock(lock.core.clone())
            } else {
                return Err(vm.new_type_error("a lock or an RLock is needed here"));
            };
            let _first_counts = zelf.begun.set((rt::Condition::new(title, underlying), lock));
            Ok(())
        }
    }

    impl PyCondition {
        fn core(&self, vm: &VirtualMachine) -> PyResult<&rt::Condition> {
            begun(&self.begun, "Condition", vm).map(|(core, _)| core)
        }

        fn wait_once(&self, wait: &Wait, vm: &VirtualMachine) -> PyResult<bool> {
            let (core, lock) = begun(&self.begun, "Condition", vm)?;
            // How deep the lock was held is the holder's to say, who will not be this lane for a while.
            let own = lock.downcast_ref::<PyRLock>().filter(|lock| lock.core.is_owned());
            let held = own.map(|lock| (lock, lock.set(0, 0)));
            let woken = vm.allow_threads(|| core.wait(wait));
            if let Some((lock, depth)) = held
                && woken != Err(SyncError::Cancelled)
            {
                lock.set(depth, get_ident());
            }
            woken.map_err(|error| match error {
                SyncError::NotHeld | SyncError::HeldByAnother { .. } => {
                    vm.new_runtime_error("cannot wait on un-acquired lock")
                }
                other => refused(other, vm),
            })
        }
    }

    #[pyclass(with(Constructor, Initializer, Representable), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
    impl PyCondition {
        #[pygetset]
        fn _lock(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
            begun(&zelf.begun, "Condition", vm).map(|(_, lock)| lock.clone())
        }

        #[pymethod]
        fn acquire(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            vm.call_method(&*Self::_lock(zelf, vm)?, "acquire", args)
        }

        #[pymethod]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            vm.call_method(&*Self::_lock(zelf, vm)?, "release", ())
        }

        #[pymethod]
        fn locked(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            vm.call_method(&*Self::_lock(zelf, vm)?, "locked", ())
        }

        #[pymethod]
        fn __enter__(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            vm.call_method(&*Self::_lock(zelf, vm)?, "__enter__", ())
        }

        #[pymethod]
        fn __exit__(zelf: &Py<Self>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            Self::release(zelf, vm)
        }

        #[pymethod]
        fn _is_owned(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            Ok(match zelf.core(vm)?.lock() {
                Underlying::Lock(lock) => lock.is_locked(),
                Underlying::RLock(lock) => lock.is_owned(),
            })
        }

        #[pymethod]
        fn wait(zelf: &Py<Self>, args: TimeoutArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = wait_of(args.timeout.into_option(), vm)?;
            zelf.wait_once(&wait, vm)
        }

        /// Gives what the predicate gave last.
        #[pymethod]
        fn wait_for(zelf: &Py<Self>, args: WaitForArgs, vm: &VirtualMachine) -> PyResult {
            let wait = wait_of(args.timeout.into_option(), vm)?;
            let now = || interleave_trace::clock::now().0;
            let end = wait.timeout.map(|timeout| now().saturating_add(timeout.as_nanos() as u64));
            loop {
                let result = args.predicate.invoke((), vm)?;
                let left = end.map(|end| std::time::Duration::from_nanos(end.saturating_sub(now())));
                if result.clone().try_to_bool(vm)? || left == Some(std::time::Duration::ZERO) {
                    return Ok(result);
                }
                zelf.wait_once(&Wait { timeout: left, ..wait }, vm)?;
            }
        }

        #[pymethod]
        fn notify(zelf: &Py<Self>, args: NotifyArgs, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core(vm)?.notify(args.n).map_err(|error| match error {
                SyncError::NotHeld | SyncError::HeldByAnother { .. } => {
                    vm.new_runtime_error("cannot notify on un-acquired lock")
                }
                other => refused(other, vm),
            })
        }

        #[pymethod]
        fn notify_all(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            Self::notify(zelf, NotifyArgs { n: usize::MAX }, vm)
        }
    }

    impl Representable for PyCondition {
        fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
            let (core, lock) = begun(&zelf.begun, "Condition", vm)?;
            Ok(format!("<Condition({}, {})>", lock.repr(vm)?, core.waiting()))
        }
    }

    /// `threading.Barrier`.
    #[pyattr]
    #[pyclass(module = "threading", name = "Barrier")]
    #[derive(Default, PyPayload)]
    struct PyBarrier {
        begun: OnceLock<BarrierParts>,
    }

    struct BarrierParts {
        core: rt::Barrier,
        action: Option<PyObjectRef>,
        timeout: Option<f64>,
    }

    impl std::fmt::Debug for PyBarrier {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Barrier")
        }
    }

    #[derive(FromArgs)]
    struct BarrierArgs {
        #[pyarg(any)]
        parties: i64,
        #[pyarg(any, optional)]
        action: OptionalArg<PyObjectRef>,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    impl DefaultConstructor for PyBarrier {}

    impl Initializer for PyBarrier {
        type Args = BarrierArgs;

        fn init(zelf: &Py<Self>, args: BarrierArgs, vm: &VirtualMachine) -> PyResult<()> {
            let parties = u32::try_from(args.parties).ok().filter(|parties| *parties > 0);
            let Some(parties) = parties else { return Err(vm.new_value_error("parties must be >= 1")) };
            let parts = BarrierParts {
                core: rt::Barrier::new(names::title_of_new("Barrier"), parties),
                action: args.action.into_option().filter(|action| !vm.is_none(action)),
                timeout: seconds(args.timeout.into_option(), vm)?,
            };
            let _first_counts = zelf.begun.set(parts);
            Ok(())
        }
    }

    /// Why a wait at a barrier failed: the barrier, or what its action raised.
    enum Broken {
        Barrier(SyncError),
        Action(vm::builtins::PyBaseExceptionRef),
    }

    impl From<SyncError> for Broken {
        fn from(error: SyncError) -> Self {
            Self::Barrier(error)
        }
    }

    #[pyclass(with(Constructor, Initializer, Representable), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
    impl PyBarrier {
        #[pymethod]
        fn wait(zelf: &Py<Self>, args: TimeoutArgs, vm: &VirtualMachine) -> PyResult<u32> {
            let parts = begun(&zelf.begun, "Barrier", vm)?;
            let timeout = seconds(args.timeout.into_option(), vm)?.or(parts.timeout);
            let wait = wait_of_seconds(timeout, vm)?;
            let act = || match &parts.action {
                None => Ok(()),
                Some(action) => {
                    vm::vm::thread::attach_for_callback(vm, || action.call((), vm)).map(drop).map_err(Broken::Action)
                }
            };
            let passed: Result<u32, Broken> = vm.allow_threads(|| parts.core.wait_and(&wait, act));
            passed.map_err(|broken| match broken {
                Broken::Action(exception) => exception,
                Broken::Barrier(SyncError::BarrierBroken) => exception_of("threading", "BrokenBarrierError", vm),
                Broken::Barrier(other) => refused(other, vm),
            })
        }

        #[pymethod]
        fn reset(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            begun(&zelf.begun, "Barrier", vm)?.core.reset();
            Ok(())
        }

        #[pymethod]
        fn abort(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            begun(&zelf.begun, "Barrier", vm)?.core.abort();
            Ok(())
        }

        #[pygetset]
        fn parties(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            Ok(begun(&zelf.begun, "Barrier", vm)?.core.parties())
        }

        #[pygetset]
        fn n_waiting(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            Ok(begun(&zelf.begun, "Barrier", vm)?.core.waiting())
        }

        #[pygetset]
        fn broken(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            Ok(begun(&zelf.begun, "Barrier", vm)?.core.is_broken())
        }
    }

    impl Representable for PyBarrier {
        fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
            let core = &begun(&zelf.begun, "Barrier", vm)?.core;
            let state = match core.is_broken() {
                true => "broken".to_owned(),
                false => format!("waiters={}/{}", core.waiting(), core.parties()),
            };
            Ok(format!("<threading.{} at {:#x}: {state}>", zelf.class().name(), zelf.get_id()))
        }
    }
}
