"""The types of C that `multiprocessing.Value` and `Array` take. There is no C here to call."""

import struct as _struct


def CDLL(*args, **named):
    raise OSError("a page has no libraries of C: use the types here for multiprocessing.Value and Array")


PyDLL = CDLL


class _SimpleCData:
    _type_ = None

    def __init__(self, value=None):
        self.value = self._of_bytes(bytes(self._size) if value is None else self._to_bytes(value))

    def __repr__(self):
        return f"{type(self).__name__}({self.value!r})"

    @classmethod
    def _to_bytes(cls, value):
        if isinstance(value, cls):
            value = value.value
        code = cls._type_
        if code in "fd":
            return _struct.pack("<" + code, value)
        if code == "?":
            return bytes((bool(value),))
        if code == "c":
            if isinstance(value, int):
                value = bytes((value,))
            if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
                raise TypeError("one character bytes, bytearray, or an integer in range(256) expected")
            return bytes(value)
        if code == "u":
            if not isinstance(value, str) or len(value) != 1:
                raise TypeError("one character unicode string expected")
            return ord(value).to_bytes(4, "little")
        # As in C, what is too large loses its upper bits.
        if not hasattr(value, "__index__"):
            raise TypeError(f"an integer is required (got type {type(value).__name__})")
        return (value.__index__() % (1 << 8 * cls._size)).to_bytes(cls._size, "little")

    @classmethod
    def _of_bytes(cls, data):
        code = cls._type_
        if code == "c":
            return data
        if code == "u":
            return chr(int.from_bytes(data, "little"))
        return _struct.unpack("<" + {"l": "q", "L": "Q"}.get(code, code), data)[0]


def _make(name, code, size):
    made = type(name, (_SimpleCData,), {"_type_": code, "_size": size, "__module__": "ctypes"})
    globals()[name] = made
    return made


for _name, _code, _size in (
    ("c_bool", "?", 1), ("c_char", "c", 1), ("c_wchar", "u", 4), ("c_byte", "b", 1), ("c_ubyte", "B", 1),
    ("c_short", "h", 2), ("c_ushort", "H", 2), ("c_int", "i", 4), ("c_uint", "I", 4), ("c_long", "l", 8),
    ("c_ulong", "L", 8), ("c_longlong", "q", 8), ("c_ulonglong", "Q", 8), ("c_float", "f", 4), ("c_double", "d", 8),
):
    _make(_name, _code, _size)

c_int8, c_uint8, c_int16, c_uint16, c_int32, c_uint32 = c_byte, c_ubyte, c_short, c_ushort, c_int, c_uint
c_int64, c_uint64, c_size_t, c_ssize_t = c_long, c_ulong, c_ulong, c_long


class Structure:
    """Named fields. It can be the type of a shared value; by itself it only holds what it was given."""

    _fields_ = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._places, at, widest = {}, 0, 1
        for name, type_ in cls._fields_:
            width = getattr(type_, "_align", type_._size)
            at = -(-at // width) * width
            cls._places[name] = (type_, at)
            at, widest = at + type_._size, max(widest, width)
        cls._align, cls._size = widest, -(-at // widest) * widest

    def __init__(self, *args, **kwargs):
        values = dict(zip(self._places, args), **kwargs)
        for name, (type_, _) in self._places.items():
            setattr(self, name, type_(values[name]).value if name in values else type_().value)

    @classmethod
    def _to_bytes(cls, value):
        data = bytearray(cls._size)
        if isinstance(value, tuple):
            value = cls(*value)
        for name, (type_, at) in cls._places.items():
            data[at : at + type_._size] = type_._to_bytes(getattr(value, name))
        return bytes(data)


def sizeof(type_or_object):
    return type_or_object._size


def __getattr__(name):
    raise AttributeError(f"ctypes has no {name!r} in a page: there is no C to call")
