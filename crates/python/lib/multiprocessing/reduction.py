"""Pickling for other processes: what can be sent there, and how more can be told to be."""

import copyreg
import functools
import io
import pickle

from . import context

__all__ = ["send_handle", "recv_handle", "ForkingPickler", "register", "dump"]

HAVE_SEND_HANDLE = False


class ForkingPickler(pickle.Pickler):
    """A pickler that knows of more than copyreg does."""

    _extra_reducers = {}

    def __init__(self, *args):
        super().__init__(*args)
        self.dispatch_table = {**copyreg.dispatch_table, **self._extra_reducers}

    @classmethod
    def register(cls, type, reduce):
        cls._extra_reducers[type] = reduce

    @classmethod
    def dumps(cls, obj, protocol=None):
        buffer = io.BytesIO()
        cls(buffer, protocol).dump(obj)
        return buffer.getbuffer()

    loads = pickle.loads


register = ForkingPickler.register


def dump(obj, file, protocol=None):
    ForkingPickler(file, protocol).dump(obj)


def _refuse(*args, **kwargs):
    raise OSError("a page has no handles of an operating system: send a Connection itself")


send_handle = recv_handle = DupFd = _refuse


def _reduce_method(method):
    if method.__self__ is None:
        return getattr, (method.__class__, method.__func__.__name__)
    return getattr, (method.__self__, method.__func__.__name__)


def _reduce_descriptor(descriptor):
    return getattr, (descriptor.__objclass__, descriptor.__name__)


def _rebuild_partial(function, args, keywords):
    return functools.partial(function, *args, **keywords)


def _reduce_partial(partial):
    return _rebuild_partial, (partial.func, partial.args, partial.keywords or {})


class _Example:
    def method(self):
        pass


register(type(_Example().method), _reduce_method)
register(type(list.append), _reduce_descriptor)
register(type(int.__add__), _reduce_descriptor)
register(functools.partial, _reduce_partial)


class AbstractReducer:
    """What `context.reducer` is replaced by."""

    ForkingPickler = ForkingPickler
    register = register
    dump = dump
    send_handle = send_handle
    recv_handle = recv_handle
    DupFd = DupFd
