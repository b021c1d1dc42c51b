"""Numbers and characters in memory that processes share, as `ctypes` lays them out."""

import ctypes
import struct

import _interleave_processes

from . import get_context
from .context import assert_spawning

__all__ = ["RawValue", "RawArray", "Value", "Array", "copy", "synchronized"]

typecode_to_type = {
    "c": ctypes.c_char, "u": ctypes.c_wchar, "b": ctypes.c_byte, "B": ctypes.c_ubyte, "h": ctypes.c_short,
    "H": ctypes.c_ushort, "i": ctypes.c_int, "I": ctypes.c_uint, "l": ctypes.c_long, "L": ctypes.c_ulong,
    "q": ctypes.c_longlong, "Q": ctypes.c_ulonglong, "f": ctypes.c_float, "d": ctypes.c_double,
}


def _type_of(typecode_or_type):
    return typecode_to_type.get(typecode_or_type, typecode_or_type)


def _is_simple(type_):
    return issubclass(type_, ctypes._SimpleCData)


class _Raw:
    """Something of a type at a place in a block."""

    def __init__(self, type_, block, at):
        self.__dict__.update(_type=type_, _block=block, _at=at)

    def __reduce__(self):
        assert_spawning(self)
        return _rebuild, (type(self), self._type, self._block._state(), self._at, getattr(self, "_length", None))


def _rebuild(kind, type_, state, at, length):
    block = _interleave_processes.Block._of_state(state)
    return kind(type_, block, at) if length is None else kind(type_, block, at, length)


def _at(type_, block, at):
    return _RawSimple(type_, block, at) if _is_simple(type_) else _RawStructure(type_, block, at)


class _RawSimple(_Raw):
    @property
    def value(self):
        return self._type._of_bytes(self._block.read(self._at, self._type._size))

    @value.setter
    def value(self, value):
        self._block.write(self._at, self._type._to_bytes(value))

    def __repr__(self):
        return f"{self._type.__name__}({self.value!r})"


class _RawStructure(_Raw):
    """A ctypes.Structure: its fields one after the other, each where it may begin."""

    def __getattr__(self, name):
        type_, at = self._field(name)
        field = _at(type_, self._block, self._at + at)
        return field.value if _is_simple(type_) else field

    def __setattr__(self, name, value):
        type_, at = self._field(name)
        self._block.write(self._at + at, type_._to_bytes(value))

    def _field(self, name):
        fields = self._type._places
        if name not in fields:
            raise AttributeError(name)
        return fields[name]


class _RawArray(_Raw):
    def __init__(self, type_, block, at, length):
        super().__init__(type_, block, at)
        self.__dict__["_length"] = length

    def __len__(self):
        return self._length

    def _bytes(self):
        return self._block.read(self._at, self._length * self._type._size)

    def _item(self, place):
        if not -self._length <= place < self._length:
            raise IndexError("invalid index")
        return _at(self._type, self._block, self._at + place % self._length * self._type._size)

    def __getitem__(self, key):
        if isinstance(key, slice):
            if self._type is ctypes.c_char:
                return self._bytes()[key]
            return [self[place] for place in range(*key.indices(self._length))]
        item = self._item(key)
        return item.value if _is_simple(self._type) else item

    def __setitem__(self, key, value):
        if isinstance(key, slice):
            places = range(*key.indices(self._length))
            values = list(value)
            if len(values) != len(places):
                raise ValueError("Can only assign sequence of same size")
            for place, one in zip(places, values):
                self[place] = bytes((one,)) if self._type is ctypes.c_char else one
        else:
            item = self._item(key)
            self._block.write(item._at, self._type._to_bytes(value))

    def __iter__(self):
        return (self[place] for place in range(self._length))

    def __getattr__(self, name):
        if self._type is ctypes.c_char and name in ("value", "raw"):
            return self._bytes() if name == "raw" else self._bytes().split(b"\0", 1)[0]
        raise AttributeError(name)

    def __setattr__(self, name, value):
        if self._type is not ctypes.c_char or name not in ("value", "raw"):
            raise AttributeError(name)
        if len(value) > self._length:
            raise ValueError("byte string too long")
        self._block.write(self._at, value if name == "raw" or len(value) == self._length else value + b"\0")

    def __repr__(self):
        return f"<{self._type.__name__}_Array_{self._length} object at {id(self):#x}>"


def _block(name, size):
    return _interleave_processes.Block(_interleave_processes.title(name), size)


def _new_value(type_, args):
    value = _at(type_, _block("Value", type_._size), 0)
    if args:
        if _is_simple(type_):
            (value.value,) = args
        else:
            for name, one in zip(type_._places, args):
                setattr(value, name, one)
    return value


def _new_array(type_, size_or_initializer):
    is_size = isinstance(size_or_initializer, int)
    if is_size and size_or_initializer < 0:
        raise ValueError("Array length must be >= 0")
    values = () if is_size else list(size_or_initializer)
    length = size_or_initializer if is_size else len(values)
    array = _RawArray(type_, _block("Array", max(length * type_._size, 1)), 0, length)
    for place, value in enumerate(values):
        if type_ is ctypes.c_char and isinstance(value, int):
            value = bytes((value,))
        array._block.write(place * type_._size, type_._to_bytes(value))
    return array


def RawValue(typecode_or_type, *args):
    return _new_value(_type_of(typecode_or_type), args)


def RawArray(typecode_or_type, size_or_initializer):
    return _new_array(_type_of(typecode_or_type), size_or_initializer)


def _with_lock(obj, lock, ctx):
    if lock is False:
        return obj
    if lock not in (True, None) and not hasattr(lock, "acquire"):
        raise AttributeError(f"{lock!r} has no method 'acquire'")
    # In one expression, so that the lock is called as the program calls the value.
    return synchronized(obj, (ctx or get_context()).RLock() if lock in (True, None) else lock)


def Value(typecode_or_type, *args, lock=True, ctx=None):
    return _with_lock(_new_value(_type_of(typecode_or_type), args), lock, ctx)


def Array(typecode_or_type, size_or_initializer, *, lock=True, ctx=None):
    return _with_lock(_new_array(_type_of(typecode_or_type), size_or_initializer), lock, ctx)


def copy(obj):
    if not isinstance(obj, _Raw):
        type_ = type(obj)
        made = _at(type_, _block("copy", type_._size), 0)
        made._block.write(0, type_._to_bytes(obj))
        return made
    block = _block("copy", obj._block.size())
    block.write(0, obj._block.read(0, obj._block.size()))
    return _rebuild(type(obj), obj._type, block._state(), obj._at, getattr(obj, "_length", None))


def synchronized(obj, lock=None, ctx=None):
    assert not isinstance(obj, SynchronizedBase), "object already synchronized"
    if isinstance(obj, _RawArray):
        return (SynchronizedString if obj._type is ctypes.c_char else SynchronizedArray)(obj, lock, ctx)
    return (Synchronized if isinstance(obj, _RawSimple) else SynchronizedStructure)(obj, lock, ctx)


class SynchronizedBase:
    def __init__(self, obj, lock=None, ctx=None):
        lock = lock or (ctx or get_context()).RLock()
        self.__dict__.update(_obj=obj, _lock=lock, acquire=lock.acquire, release=lock.release)

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *exc_info):
        return self._lock.__exit__(*exc_info)

    def __reduce__(self):
        assert_spawning(self)
        return synchronized, (self._obj, self._lock)

    def get_obj(self):
        return self._obj

    def get_lock(self):
        return self._lock

    def __repr__(self):
        return f"<{type(self).__name__} wrapper for {self._obj}>"


class _Attributes(SynchronizedBase):
    """Reads and writes attributes of what it is around, with the lock."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        with self._lock:
            return getattr(self._obj, name)

    def __setattr__(self, name, value):
        with self._lock:
            setattr(self._obj, name, value)


class Synchronized(_Attributes):
    pass


class SynchronizedStructure(_Attributes):
    pass


class SynchronizedArray(SynchronizedBase):
    def __len__(self):
        return len(self._obj)

    def __getitem__(self, key):
        with self._lock:
            return self._obj[key]

    def __setitem__(self, key, value):
        with self._lock:
            self._obj[key] = value

    def __iter__(self):
        return (self[place] for place in range(len(self)))


class SynchronizedString(SynchronizedArray, _Attributes):
    pass
