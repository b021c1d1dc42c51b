"""Puts what is ours where programs look for it. Imported once, right after an interpreter is built."""

import sys
import _thread
import _frozen_importlib
import _interleave_clocks
import _interleave_locks
import _interleave_streams
import _interleave_threads
import time


def replace(module, source, *names):
    for name in names:
        ours = getattr(source, name)
        if type(ours) is type(len):
            # Where programs find it, and so where it says that it is from.
            ours.__module__ = module.__name__
        setattr(module, name, ours)


def replace_threads():
    replace(_thread, _interleave_locks, "lock", "RLock", "allocate_lock")
    _thread.LockType = _interleave_locks.lock
    _thread.allocate = _interleave_locks.allocate_lock
    replace(
        _thread, _interleave_threads,
        "_ThreadHandle", "_make_thread_handle", "start_joinable_thread", "start_new_thread", "start_new", "_shutdown",
        "get_ident", "_get_main_thread_ident", "get_native_id",
        "_local",
    )
    _thread.interrupt_main = interrupt_main
    # The threads of an instance have no names but those on the timeline.
    if hasattr(_thread, "set_name"):
        del _thread.set_name


def interrupt_main(signum=2, /):
    """Simulate the effect of the given signal arriving."""
    import _signal

    if not callable(_signal.getsignal(signum)):
        return
    if _thread.get_ident() == _thread._get_main_thread_ident():
        _signal.raise_signal(signum)
    else:
        _interleave_threads.interrupt_main(signum)


class ImportLocks:
    """What importlib sees of _thread: its locks are nobody's business on the timeline."""

    RLock = staticmethod(_interleave_locks.hidden_rlock)
    allocate_lock = staticmethod(_interleave_locks.hidden_lock)
    # The locks of the imports that lead here know their owner by this one.
    get_ident = staticmethod(_thread.get_ident)


def replace_clocks():
    replace(time, _interleave_clocks, "sleep", "time", "time_ns", "monotonic", "monotonic_ns")
    time.perf_counter = _interleave_clocks.monotonic
    time.perf_counter_ns = _interleave_clocks.monotonic_ns
    # The time that a thread really computed is something that no page is told.
    time.process_time = time.thread_time = _interleave_clocks.monotonic
    time.process_time_ns = time.thread_time_ns = _interleave_clocks.monotonic_ns

    def clock_info(name):
        infos = {"time": "time()", "monotonic": "monotonic()", "perf_counter": "monotonic()"}
        infos.update({"process_time": "monotonic()", "thread_time": "monotonic()"})
        if name not in infos:
            raise ValueError("unknown clock")
        return type(sys.implementation)(
            implementation=infos[name], monotonic=name != "time", adjustable=name == "time", resolution=5e-6
        )

    time.get_clock_info = clock_info

    def of_now(convert):
        def converted(seconds=None):
            return convert(time.time() if seconds is None else seconds)
        converted.__name__ = converted.__qualname__ = convert.__name__
        return converted

    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, of_now(getattr(time, name)))

    def of_now_with_time(convert, last):
        def converted(*args):
            return convert(*args) if len(args) > last else convert(*args, time.localtime())
        converted.__name__ = converted.__qualname__ = convert.__name__
        return converted

    time.strftime = of_now_with_time(time.strftime, 1)
    time.asctime = of_now_with_time(time.asctime, 0)


def replace_streams():
    sys.stdin = sys.__stdin__ = _interleave_streams.open_input()
    sys.stdout = sys.__stdout__ = _interleave_streams.open_output(False)
    sys.stderr = sys.__stderr__ = _interleave_streams.open_output(True)


def replace_switch():
    sys.setswitchinterval = _interleave_threads.set_switch_interval
    sys.getswitchinterval = _interleave_threads.switch_interval
    sys._is_gil_enabled = _interleave_threads.is_gil_enabled


def tell_exception(kind, value, trace, /):
    """As sys.excepthook does, with the lines of the program, which no file has."""
    import traceback

    traceback.print_exception(kind, value, trace)


def tell_exception_of_thread(args, /):
    """As threading.excepthook does."""
    if args.exc_type == SystemExit:
        return
    stderr = sys.stderr
    if stderr is None:
        stderr = args.thread._stderr if args.thread is not None else None
        if stderr is None:
            return
    import traceback

    name = _interleave_threads.get_ident() if args.thread is None else args.thread.name
    # At once, so that two threads which fail at the same time are told one after the other.
    lines = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
    stderr.write("".join([f"Exception in thread {name}:\n", *lines]))
    stderr.flush()


def keep_source(file, source):
    """Lets tracebacks show the lines of a program."""
    import linecache

    # Without a time of its last change it is taken as it is.
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)


# The file and the text of the program, for the processes that it starts.
program = None


def keep_program(file, source):
    global program
    program = (file, source)
    keep_source(file, source)


def begin_program(file, source):
    keep_program(file, source)
    _interleave_files.put(file, source.encode("utf-8", "surrogatepass"))
    # As CPython does it: what lies beside the program can be imported.
    sys.path[:] = [os.path.dirname(os.path.abspath(file))]


# What most programs of the kind import that is run here.
COMMON = (
    "asyncio", "collections", "concurrent.futures", "concurrent.futures.process", "concurrent.futures.thread",
    "contextlib", "dataclasses", "datetime", "functools", "io", "itertools", "json", "linecache", "logging", "math",
    "multiprocessing", "multiprocessing.connection", "multiprocessing.pool", "multiprocessing.popen_spawn_posix",
    "multiprocessing.queues", "multiprocessing.spawn", "multiprocessing.synchronize", "os", "pickle", "queue",
    "random", "re", "string", "threading", "time", "traceback", "typing",
)


def import_common():
    for name in COMMON:
        __import__(name)


def awake():
    """Makes anew what no two copies of a memory may share."""
    imported = sys.modules.get
    # It has the number of the process that the memory was made in.
    if threading := imported("threading"):
        threading.main_thread()._set_native_id()
    if random := imported("random"):
        random.seed()
    if process := imported("multiprocessing.process"):
        process.current_process().authkey = os.urandom(32)
    if logging := imported("logging"):
        logging._startTime = time.time_ns()


def check(source):
    """Where a program breaks Python's rules of writing, and how."""
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):
            compile(source, "program.py", "exec")
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        return line, column, error.end_lineno or line, error.end_offset or column, error.msg
    return None


def run_child(data):
    """What a process runs that another started."""
    sys.modules["__main__"] = type(sys)("__main__")
    import io
    import pickle
    import _interleave_processes
    from multiprocessing import process, spawn

    received = io.BytesIO(data)
    current = process.current_process()
    current._inheriting = True
    try:
        spawn.prepare(pickle.load(received))
        itself = pickle.load(received)
    finally:
        del current._inheriting
    sys.exit(itself._bootstrap(_interleave_processes.parent()))


def replace_files():
    import _io
    import builtins
    import _interleave_files_io

    builtins.open = _io.open = _interleave_files_io.open
    _io.FileIO = _interleave_files_io.FileIO
    _io.open_code = lambda path: _interleave_files_io.open(path, "rb")
    if "io" in sys.modules:
        sys.modules["io"].open, sys.modules["io"].FileIO = _io.open, _io.FileIO


def find_modules_in_files():
    """The library is frozen; a program's own modules are files."""
    _frozen_importlib._install_external_importers()
    sys.path.clear()
    # The files are gone with the run, so nobody would read what was compiled.
    sys.dont_write_bytecode = True


# By number from 1 on; a line with a number goes on from there.
ERRORS = """
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV
ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG
ENOLCK ENOSYS ENOTEMPTY ELOOP
71 EPROTO
74 EBADMSG EOVERFLOW
84 EILSEQ
88 ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT
EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN
ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS
125 ECANCELED
"""


def name_errors():
    """An operating system has numbers for what it refuses, and a page has none, so these are Linux's."""
    import errno

    number = 0
    for word in ERRORS.split():
        if word.isdigit():
            number = int(word) - 1
            continue
        number += 1
        setattr(errno, word, number)
        errno.errorcode[number] = word
    errno.EWOULDBLOCK, errno.ENOTSUP, errno.EDEADLOCK = errno.EAGAIN, errno.EOPNOTSUPP, errno.EDEADLK


def replace_collector():
    """A collection looks at a clock that no page has, so there is none."""
    import gc

    def collect(generation=2):
        return 0

    def change():
        pass

    gc.collect = collect
    gc.enable = gc.disable = change


def current_frames():
    """Only the calling thread's: to see those of others it would have to stop them, by a clock that no page has."""
    return {_thread.get_ident(): sys._getframe(1)}


def replace_hooks():
    sys._current_frames = current_frames
    sys.excepthook = sys.__excepthook__ = tell_exception
    _thread._excepthook = tell_exception_of_thread
    tell_exception_of_thread.__module__ = "_thread"


class AfterImport:
    """Loads a module of the library and then puts into it what is ours."""

    def __init__(self, loader, change):
        self.loader = loader
        self.change = change

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        changes = __import__(self.change)
        changes.change(module)

    def __getattr__(self, name):
        return getattr(self.loader, name)


class ChangedModules:
    """Finds the modules that are changed once they are loaded."""

    changes = {
        "asyncio.locks": "_interleave_asyncio",
        "asyncio.queues": "_interleave_asyncio",
        "asyncio.tasks": "_interleave_asyncio",
        "asyncio.timeouts": "_interleave_asyncio",
        "multiprocessing.context": "_interleave_multiprocessing",
        "multiprocessing.dummy.connection": "_interleave_multiprocessing",
        "multiprocessing.spawn": "_interleave_multiprocessing",
        "multiprocessing.util": "_interleave_multiprocessing",
        "queue": "_interleave_queue",
        "threading": "_interleave_threading",
    }

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        change = cls.changes.get(name)
        if change is None:
            return None
        spec = _frozen_importlib.FrozenImporter.find_spec(name, path, target)
        if spec is not None:
            spec.loader = AfterImport(spec.loader, change)
        return spec


class MissingModules:
    """Asked last of all: says of modules that no page can have what to use instead."""

    instead = {
        "js": "a program cannot reach the page or its JavaScript: print what is to be shown",
        "pyodide": "a program cannot reach the page or its JavaScript: print what is to be shown",
        "ssl": "the browser encrypts by itself: use urllib.request for files of this site",
        "tkinter": "a page gives a program no windows: print what is to be shown",
    }

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in cls.instead:
            raise ModuleNotFoundError(f"No module named {name!r}: {cls.instead[name]}", name=name)
        return None


# A tool of sys.monitoring that Python names nobody for.
TOOL = 4


def watch_checkpoints(everywhere=False):
    """Lets other threads run where CPython does: at the start of functions and at each round of a loop; or everywhere."""
    monitoring = sys.monitoring
    known = monitoring.events
    events = (known.INSTRUCTION,) if everywhere else (known.JUMP, known.PY_START)
    if not monitoring.get_tool(TOOL):
        monitoring.use_tool_id(TOOL, "interleave")
    for event in events:
        monitoring.register_callback(TOOL, event, _interleave_threads.checkpoint)
    monitoring.set_events(TOOL, sum(events))


def ignore_checkpoints():
    """Functions that are called from now on have none."""
    if sys.monitoring.get_tool(TOOL):
        sys.monitoring.set_events(TOOL, 0)


_frozen_importlib._thread = ImportLocks
replace_threads()
replace_clocks()
replace_streams()
replace_switch()
replace_hooks()
replace_files()
replace_collector()
name_errors()
sys.builtin_module_names = tuple(sorted((*sys.builtin_module_names, "posix")))
find_modules_in_files()
sys.meta_path.insert(0, ChangedModules)
sys.meta_path.append(MissingModules)

# Every program needs them, and so they are there before it begins.
import os
import _interleave_files
