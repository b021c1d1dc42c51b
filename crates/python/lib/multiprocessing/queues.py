"""Queues between processes. An item lies in the segment until it is got, so putting needs no thread that feeds a pipe."""

import types
from queue import Empty, Full

import _interleave_processes

from . import connection
from . import context

_ForkingPickler = context.reduction.ForkingPickler

__all__ = ["Queue", "SimpleQueue", "JoinableQueue"]


class Queue:
    def __init__(self, maxsize=0, *, ctx=None):
        self._core = _interleave_processes.Queue(_interleave_processes.title(type(self).__name__), max(maxsize, 0))
        self._closed = False

    def __getstate__(self):
        context.assert_spawning(self)
        return self._core._state()

    def __setstate__(self, state):
        self._core = _interleave_processes.Queue._of_state(state)
        self._closed = False

    def _check_closed(self):
        if self._closed:
            raise ValueError(f"Queue {self!r} is closed")

    def put(self, obj, block=True, timeout=None):
        self._check_closed()
        try:
            item = _ForkingPickler.dumps(obj)
        except Exception as error:
            # CPython pickles in a thread of its own, so who puts is told nothing.
            self._on_queue_feeder_error(error, obj)
            return
        self._core.put(item, block, None if timeout is None else max(timeout, 0))

    def get(self, block=True, timeout=None):
        self._check_closed()
        return _ForkingPickler.loads(self._core.get(block, None if timeout is None else max(timeout, 0)))

    def put_nowait(self, obj):
        self.put(obj, False)

    def get_nowait(self):
        return self.get(False)

    def qsize(self):
        return self._core.length()

    def empty(self):
        return self._core.length() == 0

    def full(self):
        most = self._core.most()
        return most > 0 and self._core.length() >= most

    def close(self):
        self._closed = True

    def join_thread(self):
        assert self._closed, f"Queue {self!r} not closed"

    def cancel_join_thread(self):
        pass

    def _terminate_broken(self):
        self.close()

    @staticmethod
    def _on_queue_feeder_error(e, obj):
        import traceback

        traceback.print_exception(e)

    __class_getitem__ = classmethod(types.GenericAlias)


class JoinableQueue(Queue):
    def task_done(self):
        self._core.task_done()

    def join(self):
        self._core.join()


class SimpleQueue:
    """A pipe with a lock at each end."""

    def __init__(self, *, ctx=None):
        self._reader, self._writer = connection.Pipe(duplex=False)
        self._rlock, self._wlock = ctx.Lock(), ctx.Lock()

    def __getstate__(self):
        context.assert_spawning(self)
        return self._reader, self._writer, self._rlock, self._wlock

    def __setstate__(self, state):
        self._reader, self._writer, self._rlock, self._wlock = state

    def close(self):
        self._reader.close()
        self._writer.close()

    def empty(self):
        return not self._reader.poll()

    def _poll(self):
        return self._reader.poll()

    def get(self):
        with self._rlock:
            item = self._reader.recv_bytes()
        return _ForkingPickler.loads(item)

    def put(self, obj):
        item = _ForkingPickler.dumps(obj)
        with self._wlock:
            self._writer.send_bytes(item)

    __class_getitem__ = classmethod(types.GenericAlias)
