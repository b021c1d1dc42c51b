"""What `os` asks of an operating system, where there is none: one process, no files, an environment of its own."""

import errno as _errno
import _interleave_threads

environ = {b"HOME": b"/", b"PATH": b"/", b"LANG": b"C.UTF-8"}

F_OK, X_OK, W_OK, R_OK = 0, 1, 2, 4
O_RDONLY, O_WRONLY, O_RDWR = 0, 1, 2
O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK = 0o100, 0o200, 0o1000, 0o2000, 0o4000
EX_OK = 0

_have_functions = []
_directory = "/"


class stat_result(tuple):
    """What a file is."""

    n_sequence_fields = 10
    _fields = (
        "st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime", "st_ctime",
    )

    def __getattr__(self, name):
        try:
            return self[self._fields.index(name)]
        except ValueError:
            raise AttributeError(name) from None


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


class DirEntry:
    """An entry of a directory, of which there are none."""


def _missing(path):
    return FileNotFoundError(_errno.ENOENT, "No such file or directory", path)


def _is_root(path):
    return path in ("/", "", ".", b"/", b".")


def stat(path, *, dir_fd=None, follow_symlinks=True):
    if _is_root(path):
        return stat_result((0o40755, 1, 1, 2, 0, 0, 0, 0, 0, 0))
    raise _missing(path)


def lstat(path, *, dir_fd=None):
    return stat(path)


def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
    return _is_root(path)


def listdir(path="."):
    if _is_root(path):
        return []
    raise _missing(path)


class scandir:
    """The entries of a directory."""

    def __init__(self, path="."):
        listdir(path)

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        pass

    def close(self):
        pass


def open(path, flags, mode=0o777, *, dir_fd=None):
    raise _missing(path)


def mkdir(path, mode=0o777, *, dir_fd=None):
    raise PermissionError(_errno.EROFS, "Read-only file system", path)


remove = unlink = rmdir = lambda path, *, dir_fd=None: (_ for _ in ()).throw(_missing(path))


def getcwd():
    return _directory


def getcwdb():
    return _directory.encode()


def chdir(path):
    stat(path)


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


def strerror(code):
    return _errno.errorcode.get(code, f"Unknown error {code}")


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


def umask(mask):
    return 0o22


def _exit(status):
    import _interleave_processes

    _interleave_processes.exit_now(status)


def waitstatus_to_exitcode(status):
    return status >> 8
