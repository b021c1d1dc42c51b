"""`open` and `FileIO` over the files in memory."""

import _io
import posix


class FileIO(_io._RawIOBase):
    """A file, byte by byte."""

    def __init__(self, file, mode="r", closefd=True, opener=None):
        self._fd = -1
        self._mode = mode
        if sum(letter in "rwxa" for letter in mode) != 1 or mode.count("+") > 1 or set(mode) - set("rwxab+"):
            raise ValueError("Must have exactly one of create/read/write/append mode and at most one plus")
        self._writes = "r" not in mode or "+" in mode
        self._reads = "r" in mode or "+" in mode
        self.closefd = closefd
        self.name = file
        if isinstance(file, int):
            if isinstance(file, bool):
                file = int(file)
            if file < 0:
                raise ValueError("negative file descriptor")
            posix.fstat(file)
            self._fd = file
        else:
            if not closefd:
                raise ValueError("Cannot use closefd=False with file name")
            flags = posix.O_RDWR if "+" in mode else posix.O_WRONLY if self._writes else posix.O_RDONLY
            for letter, more in (
                ("w", posix.O_CREAT | posix.O_TRUNC), ("x", posix.O_CREAT | posix.O_EXCL),
                ("a", posix.O_CREAT | posix.O_APPEND),
            ):
                if letter in mode:
                    flags |= more
            if opener is None:
                self._fd = posix.open(file, flags, 0o666)
            else:
                self._fd = opener(file, flags)
                if not isinstance(self._fd, int):
                    raise TypeError("expected integer from opener")
                if self._fd < 0:
                    raise ValueError(f"opener returned {self._fd}")
            if posix.fstat(self._fd).st_mode & 0o170000 == 0o040000:
                import errno

                posix.close(self._fd)
                self._fd = -1
                raise IsADirectoryError(errno.EISDIR, "Is a directory", file)
        if "a" in mode:
            posix.lseek(self._fd, 0, 2)

    def _opened(self, does=True, what=""):
        if self.closed:
            raise ValueError("I/O operation on closed file")
        if not does:
            raise _io.UnsupportedOperation(f"File not open for {what}")
        return self._fd

    @property
    def mode(self):
        letter = next(letter for letter in "xarw" if letter in self._mode)
        if self._reads and self._writes:
            return ("r" if letter == "w" else letter) + "b+"
        return letter + "b"

    def fileno(self):
        return self._opened()

    def readable(self):
        self._opened()
        return self._reads

    def writable(self):
        self._opened()
        return self._writes

    def seekable(self):
        return self._opened() > 2

    def isatty(self):
        self._opened()
        return False

    def readinto(self, buffer):
        view = memoryview(buffer).cast("B")
        data = posix.read(self._opened(self._reads, "reading"), len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, size=-1):
        if size is None or size < 0:
            return self.readall()
        return posix.read(self._opened(self._reads, "reading"), size)

    def readall(self):
        return posix.read(self._opened(self._reads, "reading"), 2**31 - 1)

    def write(self, data):
        return posix.write(self._opened(self._writes, "writing"), data)

    def seek(self, offset, whence=0):
        if not isinstance(offset, int):
            raise TypeError("an integer is required")
        return posix.lseek(self._opened(), offset, whence)

    def tell(self):
        return posix.lseek(self._opened(), 0, 1)

    def truncate(self, size=None):
        fd = self._opened(self._writes, "writing")
        size = self.tell() if size is None else size
        posix.ftruncate(fd, size)
        return size

    def close(self):
        if not self.closed:
            super().close()
            if self.closefd and self._fd > 2:
                posix.close(self._fd)

    def __repr__(self):
        if self.closed:
            return "<_io.FileIO [closed]>"
        return f"<_io.FileIO name={self.name!r} mode={self.mode!r} closefd={self.closefd}>"


FileIO.__module__ = "_io"


def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    """Open a file of the tree in memory, which is there as long as the run."""
    if not isinstance(file, int):
        file = posix.fspath(file)
    for name, value, kinds in (
        ("mode", mode, str), ("encoding", encoding, (str, type(None))), ("errors", errors, (str, type(None))),
    ):
        if not isinstance(value, kinds):
            raise TypeError(f"open() argument '{name}' must be str, not {type(value).__name__}")
    letters = set(mode)
    if letters - set("axrwb+t") or len(mode) > len(letters):
        raise ValueError(f"invalid mode: {mode!r}")
    binary = "b" in letters
    if binary and "t" in letters:
        raise ValueError("can't have text and binary mode at once")
    if len(letters & set("xrwa")) != 1:
        raise ValueError("must have exactly one of create/read/write/append mode")
    for name, value in (("encoding", encoding), ("errors", errors), ("newline", newline)):
        if binary and value is not None:
            raise ValueError(f"binary mode doesn't take {'an' if name[0] == 'e' else 'a'} {name} argument")
    raw = FileIO(file, "".join(letters & set("axrw+")), closefd, opener)
    try:
        if buffering == 0:
            if not binary:
                raise ValueError("can't have unbuffered text I/O")
            return raw
        size = _io.DEFAULT_BUFFER_SIZE if buffering < 2 else buffering
        if "+" in letters:
            buffer = _io.BufferedRandom(raw, size)
        elif "r" in letters:
            buffer = _io.BufferedReader(raw, size)
        else:
            buffer = _io.BufferedWriter(raw, size)
        if binary:
            return buffer
        text = _io.TextIOWrapper(buffer, encoding or "utf-8", errors, newline, buffering == 1)
        text.mode = mode
        return text
    except:
        raw.close()
        raise
