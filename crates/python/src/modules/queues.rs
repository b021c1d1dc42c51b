//! `queue.Queue`, `LifoQueue` and `SimpleQueue`.
//!
//! Queues that are ordered by comparing, and classes that derive from these and put their items elsewhere, stay as Python
//! has them: to compare and to put would run the program's own code with the queue locked.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_queues")]
mod module {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    use interleave_runtime::rt::{self, Fifo, Lifo, Parcel, SyncError, Wait};
    use vm::builtins::{PyBaseExceptionRef, PyGenericAlias, PyType, PyTypeRef};
    use vm::function::OptionalArg;
    use vm::types::{Constructor, DefaultConstructor, Initializer};
    use vm::{AsObject, FromArgs, Py, PyObjectRef, PyPayload, PyResult, TryFromObject, VirtualMachine, pyclass};

    use crate::modules::{refused, seconds, wait_of_seconds};
    use crate::names;

    enum Core {
        Fifo(rt::Queue<PyObjectRef, Fifo<Parcel<PyObjectRef>>>),
        Lifo(rt::Queue<PyObjectRef, Lifo<Parcel<PyObjectRef>>>),
    }

    /// Does the same with either.
    macro_rules! either {
        ($core:expr, $queue:ident => $do:expr) => {
            match $core {
                Core::Fifo($queue) => $do,
                Core::Lifo($queue) => $do,
            }
        };
    }

    /// `queue.Queue`; `LifoQueue` and `SimpleQueue` say in attributes of their classes what they are.
    #[pyattr]
    #[pyclass(module = "queue", name = "Queue")]
    #[derive(Default, PyPayload)]
    struct PyQueue {
        core: OnceLock<Core>,
        maxsize: AtomicI64,
    }

    impl std::fmt::Debug for PyQueue {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Queue")
        }
    }

    #[derive(FromArgs)]
    struct SizeArgs {
        #[pyarg(any, default = 0)]
        maxsize: i64,
    }

    #[derive(FromArgs)]
    struct PutArgs {
        #[pyarg(any)]
        item: PyObjectRef,
        #[pyarg(any, default = true)]
        block: bool,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct GetArgs {
        #[pyarg(any, default = true)]
        block: bool,
        #[pyarg(any, optional)]
        timeout: OptionalArg<PyObjectRef>,
    }

    #[derive(FromArgs)]
    struct ItemArgs {
        #[pyarg(any)]
        item: PyObjectRef,
    }

    #[derive(FromArgs)]
    struct ShutdownArgs {
        #[pyarg(any, default = false)]
        immediate: bool,
    }

    /// A size that is no size means any number.
    fn capacity(maxsize: i64) -> Option<usize> {
        usize::try_from(maxsize).ok().filter(|size| *size > 0)
    }

    impl DefaultConstructor for PyQueue {}

    impl Initializer for PyQueue {
        type Args = SizeArgs;

        fn init(zelf: &Py<Self>, args: SizeArgs, vm: &VirtualMachine) -> PyResult<()> {
            let capacity = capacity(args.maxsize);
            let is = |attribute: &'static str| zelf.class().as_object().get_attr(attribute, vm).is_ok();
            let core = if is("_last_in_first_out") {
                Core::Lifo(rt::Queue::new(names::title_of_new("LifoQueue"), capacity))
            } else {
                let class = if is("_is_simple") { "SimpleQueue" } else { "Queue" };
                Core::Fifo(rt::Queue::new(names::title_of_new(class), capacity))
            };
            if zelf.core.set(core).is_ok() {
                zelf.maxsize.store(args.maxsize, Ordering::Relaxed);
            }
            Ok(())
        }
    }

    fn wait(block: bool, timeout: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Wait> {
        match (block, seconds(timeout.into_option(), vm)?) {
            (false, _) => wait_of_seconds(Some(0.0), vm),
            (true, Some(timeout)) if timeout < 0.0 => {
                Err(vm.new_value_error("'timeout' must be a non-negative number"))
            }
            (true, timeout) => wait_of_seconds(timeout, vm),
        }
    }

    /// The exception that the class has under this name: those of the module that it belongs to.
    fn own(class: &Py<PyType>, name: &'static str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let own = class.as_object().get_attr(name, vm).and_then(|own| PyTypeRef::try_from_object(vm, own));
        own.map_or_else(|error| error, |own| vm.new_exception_empty(own))
    }

    fn raised(error: SyncError, class: &Py<PyType>, vm: &VirtualMachine) -> PyBaseExceptionRef {
        match error {
            SyncError::Empty => own(class, "_Empty", vm),
            SyncError::Full => own(class, "_Full", vm),
            SyncError::ShutDown => own(class, "_ShutDown", vm),
            SyncError::DoneTooOften => vm.new_value_error("task_done() called too many times"),
            other => refused(other, vm),
        }
    }

    impl PyQueue {
        fn core(&self, vm: &VirtualMachine) -> PyResult<&Core> {
            self.core.get().ok_or_else(|| vm.new_runtime_error("Queue.__init__() was not called"))
        }

        fn put_item(zelf: &Py<Self>, item: PyObjectRef, wait: &Wait, vm: &VirtualMachine) -> PyResult<()> {
            let core = zelf.core(vm)?;
            // If the queue refuses the item it drops it, which must not be its end: that is for threads that are attached.
            let _kept = item.clone();
            let put = vm.allow_threads(|| either!(core, queue => queue.put(item, wait)));
            put.map_err(|error| raised(error, zelf.class(), vm))
        }

        fn get_item(zelf: &Py<Self>, wait: &Wait, vm: &VirtualMachine) -> PyResult {
            let core = zelf.core(vm)?;
            vm.allow_threads(|| either!(core, queue => queue.get(wait)))
                .map_err(|error| raised(error, zelf.class(), vm))
        }
    }

    #[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
    impl PyQueue {
        #[pymethod]
        fn put(zelf: &Py<Self>, args: PutArgs, vm: &VirtualMachine) -> PyResult<()> {
            let wait = wait(args.block, args.timeout, vm)?;
            Self::put_item(zelf, args.item, &wait, vm)
        }

        #[pymethod]
        fn put_nowait(zelf: &Py<Self>, args: ItemArgs, vm: &VirtualMachine) -> PyResult<()> {
            Self::put_item(zelf, args.item, &wait_of_seconds(Some(0.0), vm)?, vm)
        }

        #[pymethod]
        fn get(zelf: &Py<Self>, args: GetArgs, vm: &VirtualMachine) -> PyResult {
            let wait = wait(args.block, args.timeout, vm)?;
            Self::get_item(zelf, &wait, vm)
        }

        #[pymethod]
        fn get_nowait(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
            Self::get_item(zelf, &wait_of_seconds(Some(0.0), vm)?, vm)
        }

        #[pymethod]
        fn task_done(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            either!(zelf.core(vm)?, queue => queue.task_done()).map_err(|error| raised(error, zelf.class(), vm))
        }

        #[pymethod]
        fn join(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            let wait = wait_of_seconds(None, vm)?;
            let core = zelf.core(vm)?;
            let joined = vm.allow_threads(|| either!(core, queue => queue.join(&wait)));
            joined.map(drop).map_err(|error| raised(error, zelf.class(), vm))
        }

        #[pymethod]
        fn qsize(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<usize> {
            Ok(either!(zelf.core(vm)?, queue => queue.len()))
        }

        #[pymethod]
        fn empty(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            Ok(either!(zelf.core(vm)?, queue => queue.is_empty()))
        }

        #[pymethod]
        fn full(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
            Ok(either!(zelf.core(vm)?, queue => queue.is_full()))
        }

        #[pymethod]
        fn shutdown(zelf: &Py<Self>, args: ShutdownArgs, vm: &VirtualMachine) -> PyResult<()> {
            drop(either!(zelf.core(vm)?, queue => queue.shutdown(args.immediate)));
            Ok(())
        }

        /// The items that are in it, for who looks into `queue`.
        #[pymethod]
        fn _items(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
            Ok(either!(zelf.core(vm)?, queue => queue.items()))
        }

        #[pymethod]
        fn _clear(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
            drop(either!(zelf.core(vm)?, queue => queue.clear()));
            Ok(())
        }

        #[pygetset]
        fn maxsize(zelf: &Py<Self>) -> i64 {
            zelf.maxsize.load(Ordering::Relaxed)
        }

        #[pygetset(setter)]
        fn set_maxsize(zelf: &Py<Self>, size: i64, vm: &VirtualMachine) -> PyResult<()> {
            either!(zelf.core(vm)?, queue => queue.set_capacity(capacity(size)));
            zelf.maxsize.store(size, Ordering::Relaxed);
            Ok(())
        }

        #[pygetset]
        fn unfinished_tasks(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<u64> {
            Ok(either!(zelf.core(vm)?, queue => queue.unfinished()))
        }

        #[pyclassmethod]
        fn __class_getitem__(cls: PyTypeRef, item: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyGenericAlias> {
            PyGenericAlias::from_args(cls, item, vm)
        }
    }
}
