//! Threads: each is a lane, and has a worker of its own in the browser.

#[cfg(target_arch = "wasm32")]
pub(crate) use module::cannot_start;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use module::{are_running, begin, is_of_this_program, stop_process};
pub(crate) use module::{files, get_ident, is_stopping, module_def, stop, this_is_the_main_thread, watch};

#[vm::pymodule(name = "_interleave_threads")]
mod module {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
    use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
    use std::time::Duration;

    use interleave_runtime::rt::{self, SyncError, gil};
    use interleave_runtime::segment::is_child;
    use interleave_runtime::threads::{JoinHandle, spawn};
    use interleave_trace::{LaneId, here};
    use vm::builtins::{PyBytesRef, PyCode, PyDictRef, PyStr, PyTupleRef, PyType, PyTypeRef};
    use vm::common::rc::PyRc;
    use vm::function::{ArgCallable, FuncArgs, KwArgs, OptionalArg, PySetterValue};
    use vm::types::{GetAttr, Representable, SetAttr};
    use vm::vm::PyGlobalState;
    use vm::{AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, TryFromObject, VirtualMachine, pyclass};

    use crate::modules::files::Tree;
    use crate::modules::{refused, shown, wait_of};
    use crate::names;

    /// What the threads of one process have in common. Natively several processes share the statics of this one.
    struct Process {
        pid: u32,
        /// Threads that the end of the program waits for: all that are not daemons.
        awaited: Mutex<Vec<Arc<Shared>>>,
        /// That of its interpreter, once checkpoints are watched.
        state: OnceLock<PyRc<PyGlobalState>>,
        /// Whether it is being ended: every thread leaves at its next checkpoint.
        stopping: AtomicBool,
        /// The signal that another thread sent to the main one and that was not seen yet, or zero.
        interrupt: AtomicU32,
        /// How many threads there are beside the main one.
        running: AtomicU64,
        files: Mutex<Tree>,
    }

    static PROCESSES: Mutex<Vec<&'static Process>> = Mutex::new(Vec::new());

    thread_local! {
        static PROCESS: Cell<Option<&'static Process>> = const { Cell::new(None) };
        /// The number of this thread. A task that it polls has a lane of its own and is the same thread.
        static IDENT: Cell<u64> = const { Cell::new(0) };
    }

    fn process(vm: &VirtualMachine) -> PyResult<&'static Process> {
        PROCESS.get().ok_or_else(|| vm.new_system_error("this thread belongs to no program"))
    }

    /// The number of every process's main thread, whatever its lane: a process may be a copy of a memory in which that
    /// thread has its number already. No lane of a run has it.
    const MAIN: u64 = 1;

    /// The number by which Python knows the thread of a lane. It is never zero.
    fn ident_of(lane: LaneId) -> u64 {
        u64::from(lane.0) + 1
    }

    /// The number of the calling thread.
    #[pyfunction]
    pub(crate) fn get_ident() -> u64 {
        IDENT.get()
    }

    /// A number that no other thread of the run has, whatever its process. As on Linux, a main thread has its process's.
    #[pyfunction]
    fn get_native_id() -> u64 {
        let pid = u64::from(getpid());
        match IDENT.get() {
            MAIN => pid,
            ident => pid << 32 | ident,
        }
    }

    #[pyfunction]
    fn _get_main_thread_ident() -> u64 {
        MAIN
    }

    #[pyfunction]
    fn getpid() -> u32 {
        PROCESS.get().map_or(0, |process| process.pid)
    }

    /// The calling lane is where a program begins.
    pub(crate) fn this_is_the_main_thread() {
        // The first instance of a run has number 1; natively nobody counts them.
        let pid = here().instance().0.max(1);
        // One for each interpreter, whose threads may outlive it.
        let process: &'static Process = Box::leak(Box::new(Process {
            pid,
            awaited: Mutex::default(),
            state: OnceLock::new(),
            stopping: AtomicBool::new(false),
            interrupt: AtomicU32::new(0),
            running: AtomicU64::new(0),
            files: Mutex::default(),
        }));
        lock(&PROCESSES).push(process);
        PROCESS.set(Some(process));
        IDENT.set(MAIN);
    }

    /// The tool of `sys.monitoring` that watches checkpoints; `_interleave_boot.py` has it, too.
    const TOOL: usize = 4;

    impl Process {
        /// A checkpoint where nothing was to be done is not looked at again until there is: nearly all that it costs is the
        /// look. Who wants something says so first and calls [`Process::look_again`] then.
        fn rest(&self, args: &FuncArgs, vm: &VirtualMachine) {
            let [code, offset, ..] = args.args.as_slice() else { return };
            let (Some(state), Ok(offset)) = (self.state.get(), offset.try_to_value(vm)) else { return };
            let mut monitoring = state.monitoring.lock();
            let is_wanted =
                self.stopping.load(Ordering::SeqCst) || self.interrupt.load(Ordering::SeqCst) != 0 || gil::is_wanted();
            if !is_wanted {
                monitoring.disabled.insert((code.get_id(), offset, TOOL));
            }
        }

        fn look_again(&self) {
            if let Some(state) = self.state.get() {
                state.monitoring.lock().disabled.retain(|(_, _, tool)| *tool != TOOL);
            }
        }
    }

    /// The process whose threads share the GIL of this instance: natively, where others are in it too, the first.
    static SHARES_GIL: Mutex<Option<&'static Process>> = Mutex::new(None);

    /// From now on checkpoints of the calling thread's process are watched.
    pub(crate) fn watch(vm: &VirtualMachine) {
        let Some(process) = PROCESS.get() else { return };
        // An interpreter has but one.
        let _same = process.state.set(vm.state.clone());
        if cfg!(target_arch = "wasm32") || !is_child() {
            *lock(&SHARES_GIL) = Some(process);
            gil::when_asked(look_again_for_gil);
        }
    }

    /// The calling thread waits for the GIL, at its very beginning perhaps, and asked for it.
    fn look_again_for_gil() {
        let Some(state) = lock(&SHARES_GIL).and_then(|process| process.state.get()) else { return };
        // Whoever comes to a checkpoint has the lock, for a moment. It must not be waited for as others do who wait for it,
        // for they take the GIL then; and who asked in vain asks again after an interval.
        for _ in 0..1000 {
            if let Some(mut monitoring) = state.monitoring.try_lock() {
                monitoring.disabled.retain(|(_, _, tool)| *tool != TOOL);
                return;
            }
            std::hint::spin_loop();
        }
    }

    /// The files of the calling thread's process.
    pub(crate) fn files() -> &'static Mutex<Tree> {
        // Of what runs before any program has begun, which leaves no files.
        static OF_NOBODY: LazyLock<Mutex<Tree>> = LazyLock::new(Mutex::default);
        PROCESS.get().map_or(&*OF_NOBODY, |process| &process.files)
    }

    /// Whether any thread of the first process but the main one has not ended yet.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn are_running() -> bool {
        lock(&PROCESSES).first().is_some_and(|process| process.running.load(Ordering::SeqCst) > 0)
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All threads leave, wherever they are.
    pub(crate) fn stop() {
        for process in lock(&PROCESSES).iter() {
            process.stopping.store(true, Ordering::SeqCst);
            process.look_again();
        }
        rt::cancel_waits();
    }

    /// Whether the calling thread's process was told to end.
    pub(crate) fn is_stopping() -> bool {
        PROCESS.get().is_some_and(|process| process.stopping.load(Ordering::SeqCst))
    }

    /// A process was ended from outside: its threads leave at their next checkpoint, and nobody hears of it any more.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn stop_process(pid: u32) {
        lock(&PROCESSES).retain(|process| {
            let is_it = process.pid == pid;
            if is_it {
                process.stopping.store(true, Ordering::SeqCst);
                process.look_again();
            }
            !is_it
        });
    }

    /// Whether the calling thread belongs to a process of the program that is being run.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn is_of_this_program() -> bool {
        let own = PROCESS.get();
        lock(&PROCESSES).iter().any(|process| own.is_some_and(|own| std::ptr::eq(own, *process)))
    }

    /// A program begins: with no threads, whatever an earlier one of this instance left.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn begin() {
        lock(&PROCESSES).clear();
        rt::allow_waits();
    }

    #[derive(Default)]
    struct Inner {
        state: State,
        ident: u64,
        thread: Option<Arc<JoinHandle<()>>>,
    }

    #[derive(Clone, Copy, Default, PartialEq, Eq)]
    enum State {
        #[default]
        NotStarted,
        Running,
        Done,
    }

    /// What a handle and its thread both see.
    struct Shared {
        inner: Mutex<Inner>,
    }

    impl Shared {
        fn is_done(&self) -> bool {
            let inner = lock(&self.inner);
            inner.state == State::Done || inner.thread.as_ref().is_some_and(|thread| !thread.is_alive())
        }
    }

    /// `_thread._ThreadHandle`.
    #[pyattr]
    #[pyclass(module = "_thread", name = "_ThreadHandle")]
    #[derive(PyPayload)]
    struct PyThreadHandle {
        shared: Arc<Shared>,
    }

    impl std::fmt::Debug for PyThreadHandle {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("ThreadHandle")
        }
    }

    impl PyThreadHandle {
        fn fresh() -> Self {
            Self { shared: Arc::new(Shared { inner: Mutex::default() }) }
        }
    }

    #[pyclass(with(Representable), flags(HAS_WEAKREF))]
    impl PyThreadHandle {
        #[pyslot]
        fn slot_new(cls: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
            Self::fresh().into_ref_with_type(vm, cls).map(Into::into)
        }

        #[pygetset]
        fn ident(zelf: &Py<Self>) -> u64 {
            lock(&zelf.shared.inner).ident
        }

        #[pymethod]
        fn is_done(zelf: &Py<Self>) -> bool {
            // Asking is an operation like others: whoever asks again and again lets others run.
            rt::checkpoint();
            zelf.shared.is_done()
        }

        #[pymethod]
        fn _set_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            let mut inner = lock(&zelf.shared.inner);
            if inner.state == State::NotStarted {
                return Err(vm.new_runtime_error("thread not started"));
            }
            inner.state = State::Done;
            Ok(())
        }

        #[pymethod]
        fn join(zelf: &Py<Self>, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<()> {
            let wait = wait_of(timeout.into_option(), vm)?;
            let thread = {
                let inner = lock(&zelf.shared.inner);
                match inner.state {
                    State::NotStarted => return Err(vm.new_runtime_error("thread not started")),
                    State::Done => return Ok(()),
                    State::Running if inner.ident == get_ident() => {
                        return Err(vm.new_runtime_error("Cannot join current thread"));
                    }
                    State::Running => inner.thread.clone(),
                }
            };
            let Some(thread) = thread else {
                return Err(vm.new_runtime_error("only threads that were started here can be joined"));
            };
            match vm.allow_threads(|| thread.wait(&wait)) {
                Ok(_in_time) => see_interrupt(process(vm)?, vm),
                Err(SyncError::JoinsItself) => Err(vm.new_runtime_error("Cannot join current thread")),
                Err(other) => Err(refused(other, vm)),
            }
        }
    }

    impl Representable for PyThreadHandle {
        fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
            Ok(shown("thread", zelf.as_object()))
        }
    }

    #[pyfunction]
    fn _make_thread_handle(ident: u64) -> PyThreadHandle {
        let inner = Inner { state: State::Running, ident, thread: None };
        PyThreadHandle { shared: Arc::new(Shared { inner: Mutex::new(inner) }) }
    }

    #[derive(FromArgs)]
    struct StartArgs {
        #[pyarg(any)]
        function: PyObjectRef,
        #[pyarg(any, optional)]
        handle: OptionalArg<PyObjectRef>,
        #[pyarg(any, default = true)]
        daemon: bool,
    }

    /// What the thread is called: as `threading` calls it, or else after its function.
    fn title_of(function: &PyObjectRef, vm: &VirtualMachine) -> interleave_runtime::span::Title {
        let text = |object: &PyObjectRef, attribute: &'static str| {
            let name = object.get_attr(attribute, vm).ok()?;
            name.str(vm).ok().map(|name| name.to_string())
        };
        let name = function.get_attr("__self__", vm).ok().and_then(|thread| text(&thread, "_name"));
        names::title(&name.or_else(|| text(function, "__name__")).unwrap_or_else(|| "thread".to_owned()))
    }

    fn start(shared: Arc<Shared>, function: ArgCallable, args: FuncArgs, daemon: bool, vm: &VirtualMachine) {
        let title = title_of(&function.as_object().to_owned(), vm);
        {
            let mut inner = lock(&shared.inner);
            inner.state = State::Running;
        }
        let process = PROCESS.get();
        if let Some(process) = process.filter(|_| !daemon) {
            lock(&process.awaited).push(shared.clone());
        }
        let own = shared.clone();
        let entry = vm.new_thread().make_spawn_func(move |vm: &VirtualMachine| {
            PROCESS.set(process);
            IDENT.set(ident_of(here()));
            lock(&own.inner).ident = get_ident();
            vm.state.thread_count.fetch_add(1);
            run(function, args, vm);
            forget_locals();
            vm.state.thread_count.fetch_sub(1);
            vm::vm::thread::cleanup_current_thread_frames(vm);
            if let Some(process) = process {
                process.running.fetch_sub(1, Ordering::SeqCst);
            }
        });
        if let Some(process) = process {
            process.running.fetch_add(1, Ordering::SeqCst);
        }
        // Who is asked for a turn at once must not be waited for while attached.
        let thread = Arc::new(vm.allow_threads(|| spawn(title, entry)));
        let mut inner = lock(&shared.inner);
        inner.ident = ident_of(thread.lane());
        inner.thread = Some(thread);
    }

    /// Calls the function, whose last references go before the thread's place in the interpreter does.
    fn run(function: ArgCallable, args: FuncArgs, vm: &VirtualMachine) {
        if let Err(exception) = function.invoke(args, vm)
            && !exception.fast_isinstance(vm.ctx.exceptions.system_exit)
        {
            let shown = function.as_object().repr(vm).ok();
            let message = shown.map(|shown| format!("Exception ignored in thread started by {shown}"));
            vm.run_unraisable(exception, message, vm.ctx.none());
        }
    }

    /// The values that each thread has of a `threading.local`.
    struct Values {
        of_threads: Mutex<HashMap<u64, PyDictRef>>,
        arguments: FuncArgs,
    }

    thread_local! {
        /// Of which the calling thread has values: they go with it, even if its worker is kept for another.
        static LOCALS: RefCell<Vec<Weak<Values>>> = const { RefCell::new(Vec::new()) };
    }

    fn forget_locals() {
        for values in LOCALS.take().iter().filter_map(Weak::upgrade) {
            // Unlocked again before the values go, which may run code of the program.
            let _own = lock(&values.of_threads).remove(&get_ident());
        }
    }

    /// `_thread._local`, which is `threading.local`.
    #[pyattr]
    #[pyclass(module = "_thread", name = "_local")]
    #[derive(PyPayload)]
    struct PyLocal {
        values: Arc<Values>,
    }

    impl std::fmt::Debug for PyLocal {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("local")
        }
    }

    /// Whether a class derived from `local` begins its values itself, in each thread.
    fn begins_itself(class: &Py<PyType>, vm: &VirtualMachine) -> bool {
        let common = vm.ctx.types.object_type.slots.init.load();
        match (class.slots.init.load(), common) {
            (Some(own), Some(common)) => !std::ptr::fn_addr_eq(own, common),
            (own, None) => own.is_some(),
            (None, _) => false,
        }
    }

    impl PyLocal {
        fn of_this_thread(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
            let ident = get_ident();
            if let Some(dict) = lock(&zelf.values.of_threads).get(&ident) {
                return Ok(dict.clone());
            }
            let dict = vm.ctx.new_dict();
            lock(&zelf.values.of_threads).insert(ident, dict.clone());
            LOCALS.with_borrow_mut(|locals| locals.push(Arc::downgrade(&zelf.values)));
            if begins_itself(zelf.class(), vm)
                && let Some(init) = zelf.class().slots.init.load()
                && let Err(exception) = init(zelf.as_object(), zelf.values.arguments.clone(), vm)
            {
                drop(lock(&zelf.values.of_threads).remove(&ident));
                return Err(exception);
            }
            Ok(dict)
        }
    }

    #[pyclass(with(GetAttr, SetAttr), flags(BASETYPE, HAS_WEAKREF))]
    impl PyLocal {
        #[pyslot]
        fn slot_new(cls: PyTypeRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
            if !arguments.is_empty() && !begins_itself(&cls, vm) {
                return Err(vm.new_type_error("Initialization arguments are not supported"));
            }
            let values = Arc::new(Values { of_threads: Mutex::default(), arguments });
            // The first values are there before `__init__` is called, which is by whoever called this.
            lock(&values.of_threads).insert(get_ident(), vm.ctx.new_dict());
            LOCALS.with_borrow_mut(|locals| locals.push(Arc::downgrade(&values)));
            Self { values }.into_ref_with_type(vm, cls).map(Into::into)
        }

        #[pygetset(name = "__dict__")]
        fn dict(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
            Self::of_this_thread(zelf, vm)
        }
    }

    impl GetAttr for PyLocal {
        fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
            let own = Self::of_this_thread(zelf, vm)?;
            if name.as_bytes() == b"__dict__" {
                return Ok(own.into());
            }
            let found = zelf.as_object().generic_getattr_opt(name, Some(own), vm)?;
            found.ok_or_else(|| {
                vm.new_attribute_error(format!("'{}' object has no attribute '{name}'", zelf.class().slot_name()))
            })
        }
    }

    impl SetAttr for PyLocal {
        fn setattro(zelf: &Py<Self>, name: &Py<PyStr>, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
            let own = Self::of_this_thread(zelf, vm)?;
            if name.as_bytes() == b"__dict__" {
                let class = zelf.class().slot_name().to_string();
                return Err(vm.new_attribute_error(format!("'{class}' object attribute '__dict__' is read-only")));
            }
            match value {
                PySetterValue::Assign(value) => own.set_item(name, value, vm),
                PySetterValue::Delete => own.del_item(name, vm).map_err(|_| {
                    let class = zelf.class().slot_name().to_string();
                    vm.new_attribute_error(format!("'{class}' object has no attribute '{name}'"))
                }),
            }
        }
    }

    /// How many threads of a process live at a time, beside the main one. Each has a stack of 2 MiB and half a megabyte for
    /// what it records, of the 1 GiB that an instance may have.
    const MOST_AT_ONCE: u64 = 256;

    /// Why no thread can be started here, if none can.
    static NO_THREADS: OnceLock<&str> = OnceLock::new();

    /// Says why no thread can be started here. The first reason counts.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn cannot_start(why: &'static str) {
        let _already_set = NO_THREADS.set(why);
    }

    /// Whether the page has threads at all.
    #[pyfunction]
    fn can_start() -> bool {
        NO_THREADS.get().is_none()
    }

    fn check_can_start(vm: &VirtualMachine) -> PyResult<()> {
        if let Some(why) = NO_THREADS.get() {
            return Err(vm.new_runtime_error(format!("can't start new thread: {why}")));
        }
        if process(vm)?.running.load(Ordering::SeqCst) >= MOST_AT_ONCE {
            let most = format!("can't start new thread: a process may have {MOST_AT_ONCE} at a time");
            return Err(vm.new_runtime_error(most));
        }
        match vm.state.finalizing.load(Ordering::Acquire) {
            true => Err(vm.new_runtime_error("can't create new thread at interpreter shutdown")),
            false => Ok(()),
        }
    }

    #[pyfunction]
    fn start_joinable_thread(args: StartArgs, vm: &VirtualMachine) -> PyResult<PyRef<PyThreadHandle>> {
        check_can_start(vm)?;
        let function = ArgCallable::try_from_object(vm, args.function)
            .map_err(|_| vm.new_type_error("thread function must be callable"))?;
        let handle = match args.handle.into_option().filter(|handle| !vm.is_none(handle)) {
            None => PyThreadHandle::fresh().into_ref(&vm.ctx),
            Some(handle) => handle
                .downcast::<PyThreadHandle>()
                .map_err(|_| vm.new_type_error("'handle' must be a _ThreadHandle"))?,
        };
        if lock(&handle.shared.inner).state != State::NotStarted {
            return Err(vm.new_runtime_error("thread already started"));
        }
        start(handle.shared.clone(), function, FuncArgs::default(), args.daemon, vm);
        Ok(handle)
    }

    #[pyfunction]
    #[pyfunction(name = "start_new")]
    fn start_new_thread(
        function: PyObjectRef,
        args: PyTupleRef,
        kwargs: OptionalArg<PyDictRef>,
        vm: &VirtualMachine,
    ) -> PyResult<u64> {
        check_can_start(vm)?;
        let function =
            ArgCallable::try_from_object(vm, function).map_err(|_| vm.new_type_error("first arg must be callable"))?;
        let mut named = KwArgs::default();
        if let OptionalArg::Present(kwargs) = kwargs {
            let entries = kwargs.to_attributes(vm, |vm| Err(vm.new_type_error("keywords must be strings")))?;
            named = entries.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
        }
        let handle = PyThreadHandle::fresh();
        start(handle.shared.clone(), function, FuncArgs::new(args.as_slice().to_vec(), named), true, vm);
        let ident = lock(&handle.shared.inner).ident;
        Ok(ident)
    }

    /// Waits for all threads but daemons.
    #[pyfunction]
    fn _shutdown(vm: &VirtualMachine) -> PyResult<()> {
        let wait = rt::Wait { site: rt::Site::NONE, timeout: None };
        loop {
            let own = get_ident();
            let next = {
                let mut awaited = lock(&process(vm)?.awaited);
                awaited.retain(|thread| !thread.is_done() && lock(&thread.inner).ident != own);
                awaited.first().and_then(|thread| lock(&thread.inner).thread.clone())
            };
            let Some(thread) = next else { return Ok(()) };
            vm.allow_threads(|| thread.wait(&wait)).map_err(|error| refused(error, vm))?;
        }
    }

    /// A place where CPython looks whether somebody else wants to run: the end of a loop's round, the start of a function.
    #[pyfunction]
    fn checkpoint(args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let process = process(vm)?;
        if process.stopping.load(Ordering::Relaxed) {
            return Err(vm.new_system_exit(vec![].into()));
        }
        see_interrupt(process, vm)?;
        let is_seeded = rt::schedule::is_on();
        let goes_on = match is_seeded {
            true => is_in_library(&args),
            false => !gil::is_wanted(),
        };
        if !goes_on {
            vm.allow_threads(rt::checkpoint);
        } else if !is_seeded {
            process.rest(&args, vm);
        }
        Ok(())
    }

    /// Whether the code that is run comes with the interpreter. A seed decides within the visitor's code and wherever lanes
    /// wait or wake: starting a thread takes so many steps in the library that others would be over by the time it runs.
    fn is_in_library(args: &FuncArgs) -> bool {
        let code = args.args.first().and_then(|code| code.downcast_ref::<PyCode>());
        code.is_some_and(|code| code.source_path().as_str().starts_with("<frozen "))
    }

    /// On the main thread: the handler of a signal that another thread sent it.
    fn see_interrupt(process: &Process, vm: &VirtualMachine) -> PyResult<()> {
        if process.interrupt.load(Ordering::Relaxed) == 0 || get_ident() != MAIN {
            return Ok(());
        }
        match process.interrupt.swap(0, Ordering::SeqCst) {
            0 => Ok(()),
            signal => vm.call_method(&*vm.import("_signal", 0)?, "raise_signal", (signal,)).map(drop),
        }
    }

    /// Sends the main thread a signal, which it sees at its next checkpoint or when it has waited for a thread.
    #[pyfunction]
    fn interrupt_main(signal: u32, vm: &VirtualMachine) -> PyResult<()> {
        let process = process(vm)?;
        process.interrupt.store(signal, Ordering::SeqCst);
        process.look_again();
        Ok(())
    }

    #[pyfunction]
    fn set_switch_interval(seconds: f64, vm: &VirtualMachine) -> PyResult<()> {
        if seconds.is_nan() || seconds <= 0.0 {
            return Err(vm.new_value_error("switch interval must be strictly positive"));
        }
        gil::set_interval(Duration::from_secs_f64(seconds.min(1e9)));
        Ok(())
    }

    #[pyfunction]
    fn switch_interval() -> f64 {
        gil::interval().as_secs_f64()
    }

    /// From now on the threads that start share a GIL, or not. The caller is the only one that there is.
    #[pyfunction]
    fn set_gil(shared: bool, vm: &VirtualMachine) {
        match shared {
            same if same == gil::is_enabled() => {}
            true => {
                watch(vm);
                gil::enable(gil::interval());
            }
            false => gil::disable(),
        }
    }

    /// Whether a seed, or a list of switches, decides who runs.
    #[pyfunction]
    fn is_seeded() -> bool {
        rt::schedule::is_on()
    }

    #[pyfunction]
    fn is_gil_enabled() -> bool {
        gil::is_enabled()
    }

    #[pyfunction]
    fn cpu_count() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    #[pyfunction]
    fn random_bytes(size: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        let mut bytes = vec![0; size];
        getrandom::fill(&mut bytes).map_err(|error| vm.new_os_error(error.to_string()))?;
        Ok(vm.ctx.new_bytes(bytes))
    }
}
