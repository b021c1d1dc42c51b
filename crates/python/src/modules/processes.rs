//! What `multiprocessing` is made of: processes, and what they share in the segment.
//!
//! Bytes go in and come out; what they mean is the business of `lib/multiprocessing`, which pickles. Whatever is shared
//! can be written down as bytes (`_state`) and made again from them in another process (`_of_state`).

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_processes")]
mod module {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use interleave_runtime::multiprocessing::{self, ExitCode, ProcessError, Started, from_bytes, to_bytes};
    use interleave_runtime::rt::{SyncError, Wait};
    use interleave_runtime::segment::barrier::Barrier;
    use interleave_runtime::segment::block::Block;
    use interleave_runtime::segment::condition::Condition;
    use interleave_runtime::segment::event::Event;
    use interleave_runtime::segment::names::Named;
    use interleave_runtime::segment::pipe::{End, both_ways, one_way};
    use interleave_runtime::segment::queue::Queue;
    use interleave_runtime::segment::semaphore::{Semaphore, Use};
    use interleave_runtime::segment::{Source, wait_for_any};
    use interleave_runtime::span::Title;
    use interleave_trace::NameId;
    use vm::builtins::{PyBaseExceptionRef, PyBytesRef, PyType, PyUtf8StrRef};
    use vm::function::{ArgBytesLike, OptionalArg, OptionalOption};
    use vm::types::Constructor;
    use vm::{AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

    use crate::interpreter::{self, Turns};
    use crate::modules::{exception_of, seconds, wait_of_seconds};
    use crate::names;

    /// The exception that `multiprocessing` has for what was refused.
    fn raised(error: ProcessError, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let exceptions = &vm.ctx.exceptions;
        match error {
            ProcessError::Sync(SyncError::Empty) => exception_of("queue", "Empty", vm),
            ProcessError::Sync(SyncError::Full) => exception_of("queue", "Full", vm),
            ProcessError::Sync(SyncError::BarrierBroken) => exception_of("threading", "BrokenBarrierError", vm),
            ProcessError::Sync(SyncError::DoneTooOften) => vm.new_value_error("task_done() called too many times"),
            ProcessError::Sync(SyncError::NotHeld | SyncError::ReleasedTooOften) => {
                vm.new_value_error("semaphore or lock released too many times")
            }
            ProcessError::Sync(SyncError::HeldByAnother { .. }) => {
                vm.new_assertion_error("attempt to release recursive lock not owned by thread")
            }
            ProcessError::Sync(other) => crate::modules::refused(other, vm),
            ProcessError::EndOfFile => vm.new_exception_empty(exceptions.eof_error.to_owned()),
            ProcessError::BrokenPipe => {
                let reasons = vec![vm.ctx.new_int(BROKEN_PIPE).into(), vm.ctx.new_str("Broken pipe").into()];
                vm.new_exception(exceptions.broken_pipe_error.to_owned(), reasons)
            }
            ProcessError::TooManyAtOnce { .. } => {
                let reasons = vec![vm.ctx.new_int(TRY_AGAIN).into(), vm.ctx.new_str(error.to_string()).into()];
                vm.new_exception(exceptions.blocking_io_error.to_owned(), reasons)
            }
            ProcessError::Closed => vm.new_os_error("handle is closed"),
            ProcessError::ReadOnly => vm.new_os_error("connection is read-only"),
            ProcessError::WriteOnly => vm.new_os_error("connection is write-only"),
            ProcessError::NameTaken => vm.new_exception_empty(exceptions.file_exists_error.to_owned()),
            ProcessError::NameUnknown => vm.new_exception_empty(exceptions.file_not_found_error.to_owned()),
            ProcessError::NoRoom { .. } => vm.new_memory_error(error.to_string()),
            ProcessError::OutOfBounds { .. } => vm.new_index_error("index out of range"),
            ProcessError::NotAChild => vm.new_assertion_error("can only join a child process"),
            other => vm.new_os_error(other.to_string()),
        }
    }

    /// `errno.EPIPE`.
    const BROKEN_PIPE: i32 = 32;
    /// `errno.EAGAIN`, of which CPython makes a BlockingIOError where the system has no room for another process.
    const TRY_AGAIN: i32 = 11;

    /// Runs what may block.
    fn waiting<T>(vm: &VirtualMachine, wait: impl FnOnce() -> Result<T, ProcessError>) -> PyResult<T> {
        vm.allow_threads(wait).map_err(|error| raised(error, vm))
    }

    /// What a message or an item carries is said by nobody.
    const UNSAID: NameId = NameId::NONE;

    #[derive(FromArgs)]
    struct WaitArgs {
        #[pyarg(any, default = true)]
        block: bool,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    impl WaitArgs {
        fn wait(self, vm: &VirtualMachine) -> PyResult<Wait> {
            let timeout = seconds(self.timeout.into_option(), vm)?;
            wait_of_seconds(if self.block { timeout } else { Some(0.0) }, vm)
        }
    }

    fn wait_of(timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Wait> {
        wait_of_seconds(seconds(timeout.into_option(), vm)?, vm)
    }

    /// What an object that the library makes for a program is called on the timeline.
    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Title")]
    #[derive(Debug, PyPayload)]
    struct PyTitle(Title);

    #[pyclass]
    impl PyTitle {}

    /// What the object is called whose class calls this while it is made, for a program that is not the library.
    #[pyfunction]
    fn title(class: PyUtf8StrRef) -> PyTitle {
        PyTitle(names::title_of_new_outside(class.as_str()))
    }

    /// What is shared, as bytes.
    macro_rules! state {
        ($zelf:expr, $vm:expr) => {
            to_bytes(&$zelf.core).map(|bytes| $vm.ctx.new_bytes(bytes)).map_err(|error| raised(error, $vm))
        };
    }

    /// What those bytes stand for.
    macro_rules! of_state {
        ($state:expr, $vm:expr) => {
            $state.with_ref(from_bytes).map(|core| Self { core }).map_err(|error| raised(error, $vm))
        };
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Semaphore")]
    #[derive(Debug, PyPayload)]
    struct PySemaphore {
        core: Semaphore,
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Condition")]
    #[derive(Debug, PyPayload)]
    struct PyCondition {
        core: Condition,
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Event")]
    #[derive(Debug, PyPayload)]
    struct PyEvent {
        core: Event,
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Barrier")]
    #[derive(Debug, PyPayload)]
    struct PyBarrier {
        core: Barrier,
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Queue")]
    #[derive(Debug, PyPayload)]
    struct PyQueue {
        core: Queue,
    }

    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Block")]
    #[derive(Debug, PyPayload)]
    struct PyBlock {
        core: Block,
    }

    #[derive(FromArgs)]
    struct SemaphoreArgs {
        #[pyarg(positional)]
        used_as: PyUtf8StrRef,
        #[pyarg(positional)]
        title: PyRef<PyTitle>,
        #[pyarg(positional)]
        value: i64,
        #[pyarg(positional, optional)]
        most: OptionalOption<u32>,
    }

    impl Constructor for PySemaphore {
        type Args = SemaphoreArgs;

        fn py_new(_cls: &Py<PyType>, args: SemaphoreArgs, vm: &VirtualMachine) -> PyResult<Self> {
            let value = u32::try_from(args.value).map_err(|_| vm.new_value_error("invalid value"))?;
            let used_as = match args.used_as.as_str() {
                "Lock" => Use::Lock,
                "RLock" => Use::RLock,
                _ => Use::Semaphore,
            };
            let core = Semaphore::make(used_as, args.title.0, value, args.most.flatten());
            core.map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass(with(Constructor))]
    impl PySemaphore {
        #[pymethod]
        fn acquire(zelf: &Py<Self>, args: WaitArgs, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = args.wait(vm)?;
            waiting(vm, || zelf.core.acquire(&wait))
        }

        #[pymethod]
        fn release(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.release().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn value(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.core.value().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn is_mine(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.core.is_mine().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    impl Constructor for PyCondition {
        type Args = (PyRef<PyTitle>, PyRef<PySemaphore>);

        fn py_new(_cls: &Py<PyType>, (title, lock): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            Condition::make(title.0, lock.core).map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass(with(Constructor))]
    impl PyCondition {
        #[pymethod]
        fn wait(zelf: &Py<Self>, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = wait_of(timeout, vm)?;
            waiting(vm, || zelf.core.wait(&wait))
        }

        #[pymethod]
        fn notify(zelf: &Py<Self>, lanes: u32, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.notify(lanes).map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    impl Constructor for PyEvent {
        type Args = (PyRef<PyTitle>,);

        fn py_new(_cls: &Py<PyType>, (title,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            Event::make(title.0).map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass(with(Constructor))]
    impl PyEvent {
        #[pymethod]
        fn set(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.set().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn clear(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.clear().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn is_set(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.core.is_set().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn wait(zelf: &Py<Self>, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<bool> {
            let wait = wait_of(timeout, vm)?;
            waiting(vm, || zelf.core.wait(&wait))
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    impl Constructor for PyBarrier {
        type Args = (PyRef<PyTitle>, i64);

        fn py_new(_cls: &Py<PyType>, (title, parties): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            let parties = u32::try_from(parties).ok().filter(|parties| *parties > 0);
            let Some(parties) = parties else { return Err(vm.new_value_error("parties must be >= 1")) };
            Barrier::make(title.0, parties).map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass(with(Constructor))]
    impl PyBarrier {
        #[pymethod]
        fn wait(zelf: &Py<Self>, action: PyObjectRef, timeout: PyObjectRef, vm: &VirtualMachine) -> PyResult<u32> {
            let wait = wait_of(OptionalArg::Present(timeout), vm)?;
            let mut failed = None;
            let act = || {
                if vm.is_none(&action) {
                    return Ok(());
                }
                let acted = vm::vm::thread::attach_for_callback(vm, || action.call((), vm));
                acted.map(drop).map_err(|exception| {
                    failed = Some(exception);
                    SyncError::BarrierBroken.into()
                })
            };
            let passed = vm.allow_threads(|| zelf.core.wait(&wait, act));
            passed.map_err(|error| failed.unwrap_or_else(|| raised(error, vm)))
        }

        #[pymethod]
        fn reset(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.reset().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn abort(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.abort().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn parties(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.core.parties().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn waiting(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.core.waiting().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn is_broken(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            zelf.core.is_broken().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    impl Constructor for PyQueue {
        type Args = (PyRef<PyTitle>, u32);

        fn py_new(_cls: &Py<PyType>, (title, most): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            Queue::make(title.0, most).map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass(with(Constructor))]
    impl PyQueue {
        #[pymethod]
        fn put(zelf: &Py<Self>, item: ArgBytesLike, args: WaitArgs, vm: &VirtualMachine) -> PyResult<()> {
            let wait = args.wait(vm)?;
            let item = item.with_ref(<[u8]>::to_vec);
            waiting(vm, || zelf.core.put(UNSAID, &item, &wait))
        }

        #[pymethod]
        fn get(zelf: &Py<Self>, args: WaitArgs, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            let wait = args.wait(vm)?;
            waiting(vm, || zelf.core.get(&wait)).map(|bytes| vm.ctx.new_bytes(bytes))
        }

        #[pymethod]
        fn length(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.core.length().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn most(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.core.most().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn task_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.task_done().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn join(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            let wait = wait_of_seconds(None, vm)?;
            waiting(vm, || zelf.core.join(&wait))
        }

        #[pymethod]
        fn free(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.core.free().map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    impl Constructor for PyBlock {
        type Args = (PyRef<PyTitle>, u32);

        fn py_new(_cls: &Py<PyType>, (title, size): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
            Block::make(title.0, size.into()).map(|core| Self { core }).map_err(|error| raised(error, vm))
        }
    }

    fn read(block: &Block, at: u32, length: u32, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        // Before room is made for it, however large a number it is.
        if u64::from(at) + u64::from(length) > u64::from(block.size()) {
            return Err(vm.new_index_error("index out of range"));
        }
        let mut bytes = vec![0; length as usize];
        block.read(at, &mut bytes).map_err(|error| raised(error, vm))?;
        Ok(vm.ctx.new_bytes(bytes))
    }

    fn write(block: &Block, at: u32, bytes: &ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
        bytes.with_ref(|bytes| block.write(at, bytes)).map_err(|error| raised(error, vm))
    }

    #[pyclass(with(Constructor))]
    impl PyBlock {
        #[pymethod]
        fn read(zelf: &Py<Self>, at: u32, length: u32, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            read(&zelf.core, at, length, vm)
        }

        #[pymethod]
        fn write(zelf: &Py<Self>, at: u32, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
            write(&zelf.core, at, &bytes, vm)
        }

        #[pymethod]
        fn size(zelf: &Py<Self>) -> u32 {
            zelf.core.size()
        }

        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            state!(zelf, vm)
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            of_state!(state, vm)
        }
    }

    /// Bytes by name, open in this process until they are closed.
    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Named")]
    #[derive(Debug, PyPayload)]
    struct PyNamed {
        open: Mutex<Option<Named>>,
    }

    impl PyNamed {
        fn with<T>(&self, vm: &VirtualMachine, use_it: impl FnOnce(&Named) -> PyResult<T>) -> PyResult<T> {
            let open = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            open.as_ref().map_or_else(|| Err(vm.new_value_error("the shared memory is closed")), use_it)
        }

        fn of(named: Result<Named, ProcessError>, vm: &VirtualMachine) -> PyResult<Self> {
            named.map(|named| Self { open: Mutex::new(Some(named)) }).map_err(|error| raised(error, vm))
        }
    }

    #[pyclass]
    impl PyNamed {
        #[pystaticmethod]
        fn create(name: PyUtf8StrRef, title: PyRef<PyTitle>, size: u64, vm: &VirtualMachine) -> PyResult<Self> {
            Self::of(Named::create(Some(name.as_str()), title.0, size), vm)
        }

        #[pystaticmethod]
        fn attach(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Self> {
            Self::of(Named::attach(name.as_str()), vm)
        }

        /// A number for a name that nobody has.
        #[pystaticmethod]
        fn fresh_number(vm: &VirtualMachine) -> PyResult<u32> {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).map_err(|error| vm.new_os_error(error.to_string()))?;
            Ok(u32::from_le_bytes(bytes))
        }

        /// The name is free again, whether or not the caller has it open.
        #[pystaticmethod]
        fn unlink_name(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
            Named::attach(name.as_str()).and_then(|named| named.unlink()).map_err(|error| raised(error, vm))
        }

        #[pymethod]
        fn size(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u32> {
            zelf.with(vm, |named| Ok(named.block().size()))
        }

        #[pymethod]
        fn read(zelf: &Py<Self>, at: u32, length: u32, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            zelf.with(vm, |named| read(named.block(), at, length, vm))
        }

        #[pymethod]
        fn write(zelf: &Py<Self>, at: u32, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
            zelf.with(vm, |named| write(named.block(), at, &bytes, vm))
        }

        #[pymethod]
        fn unlink(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.with(vm, |named| named.unlink().map_err(|error| raised(error, vm)))
        }

        #[pymethod]
        fn close(zelf: &Py<Self>) {
            drop(zelf.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        }
    }

    /// One end of a pipe, open in this process until it is closed or nobody has it any more.
    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "End")]
    #[derive(Debug, PyPayload)]
    struct PyEnd {
        end: End,
        is_open: AtomicBool,
    }

    impl Drop for PyEnd {
        fn drop(&mut self) {
            self.shut();
        }
    }

    impl PyEnd {
        fn of(end: End) -> Self {
            Self { end, is_open: AtomicBool::new(true) }
        }

        fn shut(&self) {
            if self.is_open.swap(false, Ordering::SeqCst) {
                self.end.close();
            }
        }

        fn open(&self, vm: &VirtualMachine) -> PyResult<End> {
            match self.is_open.load(Ordering::SeqCst) {
                true => Ok(self.end),
                false => Err(vm.new_os_error("handle is closed")),
            }
        }
    }

    #[pyfunction]
    fn pipe(title: PyRef<PyTitle>, duplex: bool, vm: &VirtualMachine) -> PyResult<(PyRef<PyEnd>, PyRef<PyEnd>)> {
        let ends = if duplex { both_ways(title.0) } else { one_way(title.0) };
        let (first, second) = ends.map_err(|error| raised(error, vm))?;
        Ok((PyEnd::of(first).into_ref(&vm.ctx), PyEnd::of(second).into_ref(&vm.ctx)))
    }

    #[pyclass]
    impl PyEnd {
        #[pymethod]
        fn send(zelf: &Py<Self>, bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
            let end = zelf.open(vm)?;
            let wait = wait_of_seconds(None, vm)?;
            let bytes = bytes.with_ref(<[u8]>::to_vec);
            waiting(vm, || end.send(UNSAID, &[&bytes], &wait))
        }

        /// A message of at most so many bytes, or of any length.
        #[pymethod]
        fn receive(zelf: &Py<Self>, most: Option<u32>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            let end = zelf.open(vm)?;
            let wait = wait_of_seconds(None, vm)?;
            waiting(vm, || end.receive(most, &wait)).map(|bytes| vm.ctx.new_bytes(bytes))
        }

        #[pymethod]
        fn poll(zelf: &Py<Self>, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<bool> {
            let end = zelf.open(vm)?;
            let wait = wait_of(timeout, vm)?;
            waiting(vm, || end.poll(&wait))
        }

        #[pymethod]
        fn close(zelf: &Py<Self>) {
            zelf.shut();
        }

        #[pymethod]
        fn is_open(zelf: &Py<Self>) -> bool {
            zelf.is_open.load(Ordering::SeqCst)
        }

        #[pymethod]
        fn is_readable(zelf: &Py<Self>) -> bool {
            zelf.end.is_readable()
        }

        #[pymethod]
        fn is_writable(zelf: &Py<Self>) -> bool {
            zelf.end.is_writable()
        }

        #[pymethod]
        fn number(zelf: &Py<Self>) -> u32 {
            zelf.end.object().0
        }

        /// It sets off for another process, where it is open as well from then on.
        #[pymethod]
        fn _state(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
            let end = zelf.open(vm)?;
            end.set_off().map_err(|error| raised(error, vm))?;
            let bytes = to_bytes(&end).map_err(|error| raised(error, vm))?;
            Ok(vm.ctx.new_bytes(bytes))
        }

        #[pystaticmethod]
        fn _of_state(state: ArgBytesLike, vm: &VirtualMachine) -> PyResult<Self> {
            let end: End = state.with_ref(from_bytes).map_err(|error| raised(error, vm))?;
            end.arrive().map_err(|error| raised(error, vm))?;
            Ok(Self::of(end))
        }
    }

    /// A process that was started. It is its own sentinel: what can be waited for beside others.
    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Child")]
    #[derive(Debug, PyPayload)]
    struct PyChild {
        started: Started,
    }

    /// The process that started the calling one: what can be waited for beside others.
    #[pyattr]
    #[pyclass(module = "_interleave_processes", name = "Parent")]
    #[derive(Debug, PyPayload)]
    struct PyParent {
        end: Source,
    }

    #[pyclass]
    impl PyParent {}

    #[pyfunction]
    fn parent(vm: &VirtualMachine) -> PyResult<Option<PyRef<PyParent>>> {
        let end = multiprocessing::parent_sentinel().map_err(|error| raised(error, vm))?;
        Ok(end.map(|end| PyParent { end }.into_ref(&vm.ctx)))
    }

    /// In the new process: runs what was sent there.
    fn run((turns, data): (Turns, Vec<u8>)) -> ExitCode {
        interpreter::run_child(turns, &data)
    }

    #[pyfunction]
    fn start(name: PyUtf8StrRef, daemon: bool, data: ArgBytesLike, vm: &VirtualMachine) -> PyResult<PyChild> {
        let arguments = (interpreter::own_turns(), data.with_ref(<[u8]>::to_vec));
        let process = multiprocessing::Process::new(names::title(name.as_str()), run, arguments);
        let process = if daemon { process.daemon() } else { process };
        let started = waiting(vm, || process.start())?;
        Ok(PyChild { started })
    }

    #[pyclass]
    impl PyChild {
        #[pymethod]
        fn pid(zelf: &Py<Self>) -> u32 {
            zelf.started.pid()
        }

        #[pymethod]
        fn poll(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Option<i32>> {
            let exit = zelf.started.exit_code().map_err(|error| raised(error, vm))?;
            Ok(exit.map(|exit| exit.0))
        }

        #[pymethod]
        fn wait(zelf: &Py<Self>, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Option<i32>> {
            let wait = wait_of(timeout, vm)?;
            let exit = waiting(vm, || zelf.started.wait(&wait))?;
            Ok(exit.map(|exit| exit.0))
        }

        #[pymethod]
        fn terminate(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.stop_natively();
            waiting(vm, || zelf.started.terminate())
        }

        #[pymethod]
        fn kill(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            zelf.stop_natively();
            waiting(vm, || zelf.started.kill())
        }
    }

    impl PyChild {
        /// Natively a process is a thread, which nobody can end from outside; so it is asked to leave by itself.
        fn stop_natively(&self) {
            #[cfg(not(target_arch = "wasm32"))]
            crate::modules::threads::stop_process(self.started.pid());
        }
    }

    /// Waits until at least one of the ends and children is ready. Gives the places of all that are.
    #[pyfunction]
    fn wait(
        all: Vec<PyObjectRef>,
        timeout: OptionalArg<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<Vec<PyObjectRef>> {
        let mut sources = Vec::with_capacity(all.len());
        for one in &all {
            sources.push(if let Some(end) = one.downcast_ref::<PyEnd>() {
                Source::pipe(end.open(vm)?)
            } else if let Some(child) = one.downcast_ref::<PyChild>() {
                child.started.sentinel()
            } else if let Some(parent) = one.downcast_ref::<PyParent>() {
                parent.end
            } else {
                return Err(vm.new_type_error(format!("{} cannot be waited for", one.class().name())));
            });
        }
        let wait = wait_of(timeout, vm)?;
        let ready = waiting(vm, || wait_for_any(&sources, &wait))?;
        Ok(ready.into_iter().map(|place| vm.ctx.new_int(place).into()).collect())
    }

    /// `os._exit`: ends the process at once if another started it; the first process of a run ends as by `sys.exit`.
    #[pyfunction]
    fn exit_now(status: i32, vm: &VirtualMachine) -> PyResult<()> {
        vm.allow_threads(|| multiprocessing::exit_now(ExitCode(status & 0xff)));
        Err(vm.new_system_exit(vec![vm.ctx.new_int(status).into()].into()))
    }
}
