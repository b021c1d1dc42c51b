"""Memory that processes find by name. It lies outside of this process's own, so its bytes are copied when they are read
and written, and `buf` is like a memoryview without being one."""

import struct
import types

import _interleave_processes

__all__ = ["SharedMemory", "ShareableList"]


class SharedBuffer:
    """What `SharedMemory.buf` is: bytes at a place, or a slice of them."""

    format, itemsize, ndim, readonly = "B", 1, 1, False

    def __init__(self, named, places):
        self._named = named
        self._places = places

    nbytes = property(lambda self: len(self._places))
    shape = property(lambda self: (len(self._places),))

    def _check(self):
        if self._named is None:
            raise ValueError("operation forbidden on released memoryview object")
        return self._named

    def __len__(self):
        self._check()
        return len(self._places)

    def tobytes(self):
        named, places = self._check(), self._places
        if not places:
            return b""
        low, high = min(places[0], places[-1]), max(places[0], places[-1])
        return named.read(low, high - low + 1)[:: 1 if places.step > 0 else -1][:: abs(places.step)]

    __bytes__ = tobytes

    def tolist(self):
        return list(self.tobytes())

    def __iter__(self):
        return iter(self.tobytes())

    def __getitem__(self, key):
        self._check()
        if isinstance(key, slice):
            return SharedBuffer(self._named, self._places[key])
        try:
            place = self._places[key]
        except IndexError:
            raise IndexError("index out of bounds on dimension 1") from None
        return self._named.read(place, 1)[0]

    def __setitem__(self, key, value):
        named = self._check()
        if not isinstance(key, slice):
            try:
                place = self._places[key]
            except IndexError:
                raise IndexError("index out of bounds on dimension 1") from None
            if not 0 <= value < 256:
                raise ValueError("memoryview: invalid value for format 'B'")
            named.write(place, bytes((value,)))
            return
        places = self._places[key]
        data = bytes(value)
        if len(data) != len(places):
            raise ValueError("memoryview assignment: lvalue and rvalue have different structures")
        if places.step == 1:
            if data:
                named.write(places[0], data)
        else:
            for place, byte in zip(places, data):
                named.write(place, bytes((byte,)))

    def __eq__(self, other):
        try:
            return self.tobytes() == bytes(other)
        except TypeError:
            return NotImplemented

    def release(self):
        self._named = None

    def __enter__(self):
        self._check()
        return self

    def __exit__(self, *exc_info):
        self.release()


# Names of POSIX would begin with a slash, which no program is shown.
_USE_POSIX = True
_SHM_NAME_PREFIX = "psm_"


def _make_filename():
    return f"{_SHM_NAME_PREFIX}{_interleave_processes.Named.fresh_number():08x}"


class SharedMemory:
    _named = _buf = None

    def __init__(self, name=None, create=False, size=0, *, track=True):
        if size < 0:
            raise ValueError("'size' must be a positive integer")
        if create and size == 0:
            raise ValueError("'size' must be a positive number different from zero")
        if name is None and not create:
            raise ValueError("'name' can only be None if create=True")
        if create:
            title = _interleave_processes.title("SharedMemory")
            wanted = name
            while self._named is None:
                name = wanted or _make_filename()
                try:
                    self._named = _interleave_processes.Named.create(name, title, size)
                except FileExistsError:
                    if wanted is None:
                        continue
                    import errno

                    raise FileExistsError(errno.EEXIST, "File exists", "/" + name) from None
        else:
            try:
                self._named = _interleave_processes.Named.attach(name)
            except FileNotFoundError:
                import errno

                raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/" + name) from None
        self._name = name
        self._size = self._named.size()
        self._buf = SharedBuffer(self._named, range(self._size))

    def __reduce__(self):
        return self.__class__, (self.name, False, self.size)

    def __repr__(self):
        return f"{self.__class__.__name__}({self.name!r}, size={self.size})"

    buf = property(lambda self: self._buf)
    name = property(lambda self: self._name)
    size = property(lambda self: self._size)

    def close(self):
        if self._buf is not None:
            self._buf.release()
            self._buf = None
            self._named.close()

    def unlink(self):
        try:
            _interleave_processes.Named.unlink_name(self._name)
        except FileNotFoundError:
            import errno

            raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/" + self._name) from None


# What an item is stored as: its kind, and how many bytes it may have.
_HEAD = struct.Struct("<q")
_ENTRY = struct.Struct("<cxxxII")
_KINDS = {type(None): b"n", bool: b"?", int: b"q", float: b"d", str: b"s", bytes: b"b"}
_ROOM = 8


class ShareableList:
    """A list of a fixed length in shared memory. An item may be replaced by one that needs no more room."""

    def __init__(self, sequence=None, *, name=None):
        if sequence is None and name is not None:
            self.shm = SharedMemory(name)
            return
        items = list(sequence or ())
        encoded = [self._encode(item) for item in items]
        rooms = [
            # As CPython counts, by characters, but never too little for their bytes.
            _ROOM * max(len(item) // _ROOM + 1, -(-len(data) // _ROOM)) if kind in b"sb" else _ROOM
            for item, (kind, data) in zip(items, encoded)
        ]
        self.shm = SharedMemory(name, create=True, size=_HEAD.size + _ENTRY.size * len(items) + sum(rooms))
        self.shm.buf[: _HEAD.size] = _HEAD.pack(len(items))
        at = _HEAD.size + _ENTRY.size * len(items)
        for place, room in enumerate(rooms):
            self._set_entry(place, b"n", room, at)
            at += room
        for place, item in enumerate(items):
            self[place] = item

    @staticmethod
    def _encode(value):
        kind = _KINDS[type(value)]
        if kind in (b"q", b"d", b"?"):
            return kind, struct.pack("<" + kind.decode(), value)
        return kind, b"" if value is None else value.encode() if kind == b"s" else value

    # An entry is the item's kind, its length in the four bytes before its place, and where it is.
    def _set_entry(self, place, kind, room, at):
        begin = _HEAD.size + _ENTRY.size * place
        self.shm.buf[begin : begin + _ENTRY.size] = _ENTRY.pack(kind, room, at)

    def _entry(self, position, message):
        length = len(self)
        if not -length <= position < length:
            raise IndexError(message)
        place = position % length
        begin = _HEAD.size + _ENTRY.size * place
        return place, *_ENTRY.unpack(self.shm.buf[begin : begin + _ENTRY.size].tobytes())

    def __getitem__(self, position):
        _, kind, room, at = self._entry(position, "index out of range")
        if kind == b"n":
            return None
        data = self.shm.buf[at : at + room].tobytes()
        if kind in b"sb":
            data = data.rstrip(b"\0")
            return data.decode() if kind == b"s" else data
        return struct.unpack_from("<" + kind.decode(), data)[0]

    def __setitem__(self, position, value):
        place, _, room, at = self._entry(position, "assignment index out of range")
        kind, data = self._encode(value)
        if len(data) > room:
            raise ValueError("bytes/str item exceeds available storage")
        self.shm.buf[at : at + room] = data.ljust(room, b"\0")
        self._set_entry(place, kind, room, at)

    def __reduce__(self):
        return _attach_list, (self.__class__, self.shm.name)

    def __len__(self):
        return _HEAD.unpack(self.shm.buf[: _HEAD.size].tobytes())[0]

    def __repr__(self):
        return f"{self.__class__.__name__}({list(self)}, name={self.shm.name!r})"

    def _get_packing_format(self, position):
        _, kind, room, _ = self._entry(position, "index out of range")
        return {b"n": "xxxxxx?x", b"?": "xxxxxxx?"}.get(kind) or (f"{room}s" if kind in b"sb" else kind.decode())

    @property
    def format(self):
        return "".join(map(self._get_packing_format, range(len(self))))

    def count(self, value):
        return sum(value == item for item in self)

    def index(self, value):
        for position, item in enumerate(self):
            if value == item:
                return position
        raise ValueError("ShareableList.index(x): x not in list")

    __class_getitem__ = classmethod(types.GenericAlias)


def _attach_list(cls, name):
    return cls(name=name)
