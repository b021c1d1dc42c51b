"""What `os` asks of an operating system, where there is none: one process, files in memory, an environment of its own."""

import errno as _errno
import _interleave_files
import _interleave_threads

environ = {b"HOME": b"/", b"PATH": b"/", b"LANG": b"C.UTF-8"}

F_OK, X_OK, W_OK, R_OK = 0, 1, 2, 4
O_CLOEXEC, O_NOFOLLOW, O_DIRECTORY, O_SYNC = 0o2000000, 0o400000, 0o200000, 0o4010000
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2
O_RDONLY, O_WRONLY, O_RDWR = 0, 1, 2
O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK = 0o100, 0o200, 0o1000, 0o2000, 0o4000
EX_OK = 0

_have_functions = []


class stat_result(tuple):
    """What a file is."""

    n_sequence_fields = n_fields = 10
    n_unnamed_fields = 3
    _fields = (
        "st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime", "st_ctime",
    )
    st_blksize, st_rdev = 4096, 0

    def __new__(cls, fields, times=None):
        result = super().__new__(cls, tuple(fields)[:10])
        names = ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")
        result.__dict__.update(zip(names, times or (1000000000 * field for field in result[7:])))
        if times:
            result.__dict__.update((name[:-3], ns / 1e9) for name, ns in zip(names, times))
        return result

    @property
    def st_blocks(self):
        return (self.st_size + 511) // 512

    def __getattr__(self, name):
        try:
            return self[self._fields.index(name)]
        except ValueError:
            raise AttributeError(name) from None

    def __repr__(self):
        return f"os.stat_result({', '.join(f'{name}={value}' for name, value in zip(self._fields, self))})"


class terminal_size(tuple):
    """How large a terminal is."""

    columns = property(lambda self: self[0])
    lines = property(lambda self: self[1])


class uname_result(tuple):
    """What the machine is."""

    sysname = property(lambda self: self[0])
    nodename = property(lambda self: self[1])
    release = property(lambda self: self[2])
    version = property(lambda self: self[3])
    machine = property(lambda self: self[4])


def fspath(path):
    """As text or bytes."""
    if isinstance(path, (str, bytes)):
        return path
    try:
        path_type = type(path)
        told = path_type.__fspath__(path)
    except AttributeError:
        raise TypeError(f"expected str, bytes or os.PathLike object, not {path_type.__name__}") from None
    if isinstance(told, (str, bytes)):
        return told
    raise TypeError(f"expected {path_type.__name__}.__fspath__() to return str or bytes, not {type(told).__name__}")


def _text(path):
    path = fspath(path)
    return path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path


class DirEntry:
    """An entry of a directory."""

    def __init__(self, directory, name, kind, inode):
        self.name = name
        separator = b"/" if isinstance(directory, bytes) else "/"
        self.path = name if directory in (".", b".") else directory.rstrip(separator) + separator + name
        self._kind, self._inode = kind, inode

    def inode(self):
        return self._inode

    def is_symlink(self):
        return self._kind == 0o120000

    def _is(self, kind, follow_symlinks):
        if follow_symlinks and self.is_symlink():
            try:
                return stat(self.path).st_mode & 0o170000 == kind
            except FileNotFoundError:
                return False
        return self._kind == kind

    def is_dir(self, *, follow_symlinks=True):
        return self._is(0o040000, follow_symlinks)

    def is_file(self, *, follow_symlinks=True):
        return self._is(0o100000, follow_symlinks)

    def is_junction(self):
        return False

    def stat(self, *, follow_symlinks=True):
        return stat(self.path, follow_symlinks=follow_symlinks)

    def __fspath__(self):
        return self.path

    def __repr__(self):
        return f"<DirEntry {self.name!r}>"


def _stat_of(told):
    mode, number, links, size, *times = told
    return stat_result((mode, number, 1, links, 0, 0, size, *(ns // 1000000000 for ns in times)), times)


def stat(path, *, dir_fd=None, follow_symlinks=True):
    if isinstance(path, int):
        return fstat(path)
    return _stat_of(_interleave_files.stat(_text(path), follow_symlinks))


def lstat(path, *, dir_fd=None):
    return stat(path, follow_symlinks=False)


def fstat(fd):
    if 0 <= fd < 3:
        return stat_result((0o20620, fd, 1, 1, 0, 0, 0, 0, 0, 0))
    return _stat_of(_interleave_files.fstat(fd))


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    try:
        stat(path)
    except OSError:
        return False
    return True


def _entries(path):
    directory = "." if path is None else fspath(path)
    for name, kind, inode in _interleave_files.entries(_text(directory)):
        yield DirEntry(directory, name.encode() if isinstance(directory, bytes) else name, kind, inode)


def listdir(path="."):
    return [entry.name for entry in _entries(path)]


class scandir:
    """The entries of a directory."""

    def __init__(self, path="."):
        self._rest = iter(list(_entries(path)))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._rest)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        self._rest = iter(())


_umask = 0o22


def umask(mask):
    global _umask
    before, _umask = _umask, mask & 0o777
    return before


def open(path, flags, mode=0o777, *, dir_fd=None):
    return _interleave_files.open(_text(path), flags, mode & ~_umask)


def _stream(fd):
    import sys

    return {1: sys.__stdout__, 2: sys.__stderr__}[fd]


def read(fd, length, /):
    if fd == 0:
        import sys

        return sys.__stdin__.readline().encode()[:length]
    return _interleave_files.read(fd, length)


def write(fd, data, /):
    if fd in (1, 2):
        _stream(fd).write(bytes(data).decode("utf-8", "replace"))
        return len(data)
    return _interleave_files.write(fd, data)


close, dup, lseek, ftruncate = (
    _interleave_files.close, _interleave_files.dup, _interleave_files.lseek, _interleave_files.ftruncate
)


def closerange(fd_low, fd_high, /):
    for fd in range(fd_low, fd_high):
        try:
            close(fd)
        except OSError:
            pass


def fsync(fd):
    pass


fdatasync = fsync


def truncate(path, length):
    ftruncate(path, length) if isinstance(path, int) else _interleave_files.truncate(_text(path), length)


def mkdir(path, mode=0o777, *, dir_fd=None):
    _interleave_files.mkdir(_text(path), mode & ~_umask)


def unlink(path, *, dir_fd=None):
    _interleave_files.unlink(_text(path))


def remove(path, *, dir_fd=None):
    _interleave_files.unlink(_text(path))


def rmdir(path, *, dir_fd=None):
    _interleave_files.rmdir(_text(path))


def rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None):
    _interleave_files.rename(_text(src), _text(dst))


replace = rename


def link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True):
    _interleave_files.link(_text(src), _text(dst))


def symlink(src, dst, target_is_directory=False, *, dir_fd=None):
    _interleave_files.symlink(_text(src), _text(dst))


def readlink(path, *, dir_fd=None):
    target = _interleave_files.readlink(_text(path))
    return target.encode() if isinstance(fspath(path), bytes) else target


def chmod(path, mode, *, dir_fd=None, follow_symlinks=True):
    _interleave_files.chmod(_text(path), mode)


def utime(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True):
    if times is not None:
        ns = tuple(int(1000000000 * seconds) for seconds in times)
    _interleave_files.utime(_text(path), *(ns or (None, None)))


def getcwd():
    return _interleave_files.getcwd()


def getcwdb():
    return getcwd().encode()


def chdir(path):
    _interleave_files.chdir(_text(path))


def pipe():
    raise OSError("a page has no pipes of an operating system: use multiprocessing.Pipe")


def kill(pid, signal, /):
    raise OSError("a page has no signals between processes: use terminate() of the Process")


def fork():
    raise OSError("a page cannot copy a process: use multiprocessing, whose processes are spawned")


def register_at_fork(*, before=None, after_in_child=None, after_in_parent=None):
    pass


def system(command):
    raise OSError("a page cannot start programs: use multiprocessing for processes that run Python")


def getuid():
    return 0


geteuid = getgid = getegid = getuid


getpid = _interleave_threads.getpid


def getppid():
    return 0


def cpu_count():
    return _interleave_threads.cpu_count()


def urandom(size):
    return _interleave_threads.random_bytes(size)


def getrandom(size, flags=0):
    return _interleave_threads.random_bytes(size)


def getlogin():
    return "visitor"


_TEXTS = {
    "EPERM": "Operation not permitted", "ENOENT": "No such file or directory", "EBADF": "Bad file descriptor",
    "EACCES": "Permission denied", "EBUSY": "Device or resource busy", "EEXIST": "File exists",
    "ENOTDIR": "Not a directory", "EISDIR": "Is a directory", "EINVAL": "Invalid argument", "EFBIG": "File too large",
    "ENOSPC": "No space left on device", "EPIPE": "Broken pipe", "ENOTEMPTY": "Directory not empty",
    "ELOOP": "Too many levels of symbolic links", "EADDRINUSE": "Address already in use",
    "ECONNREFUSED": "Connection refused", "EINTR": "Interrupted system call", "ENOTTY": "Inappropriate ioctl for device",
}


def strerror(code):
    name = _errno.errorcode.get(code)
    return _TEXTS.get(name, name or f"Unknown error {code}")


def isatty(fd):
    return False


def get_terminal_size(fd=1):
    raise OSError(_errno.ENOTTY, "Inappropriate ioctl for device")


def uname():
    return uname_result(("Interleave", "page", "", "", "wasm32"))


def putenv(name, value):
    pass


def unsetenv(name):
    pass


def _exit(status):
    import _interleave_processes

    _interleave_processes.exit_now(status)


def waitstatus_to_exitcode(status):
    return status >> 8
