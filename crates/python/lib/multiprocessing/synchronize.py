"""Locks and what lanes of several processes meet at: each is one object of the segment."""

import threading

import _interleave_processes

from . import context
from . import process

__all__ = ["Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier"]

SEM_VALUE_MAX = 2**31 - 1


def _timeout(timeout):
    return None if timeout is None else max(timeout, 0)


class _Shared:
    """What can be given to a process that is being started."""

    def __getstate__(self):
        context.assert_spawning(self)
        return self._core._state()

    def __setstate__(self, state):
        self._begin(self._class._of_state(state))

    def _begin(self, core):
        self._core = core


class SemLock(_Shared):
    _class = _interleave_processes.Semaphore

    def __init__(self, kind, value, most):
        self._begin(self._class(kind, _interleave_processes.title(type(self).__name__), value, most))

    def acquire(self, block=True, timeout=None):
        return self._core.acquire(block, _timeout(timeout))

    def release(self):
        self._core.release()

    def locked(self):
        return self._core.value() == 0

    def __enter__(self):
        return self._core.acquire()

    def __exit__(self, *exc_info):
        self._core.release()

    def _owner(self):
        if self._core.is_mine():
            name = process.current_process().name
            thread = threading.current_thread().name
            return name if thread == "MainThread" else f"{name}|{thread}"
        return "None" if self._core.value() else "SomeOtherProcess"


class Lock(SemLock):
    def __init__(self, *, ctx=None):
        super().__init__("Lock", 1, 1)

    def __repr__(self):
        return f"<{type(self).__name__}(owner={self._owner()})>"


class RLock(SemLock):
    def __init__(self, *, ctx=None):
        super().__init__("RLock", 1, 1)

    def __repr__(self):
        return f"<{type(self).__name__}({self._owner()})>"


class Semaphore(SemLock):
    _most = None

    def __init__(self, value=1, *, ctx=None):
        super().__init__("Semaphore", value, self._most and value)

    def get_value(self):
        return self._core.value()

    def __repr__(self):
        return f"<{type(self).__name__}(value={self._core.value()})>"


class BoundedSemaphore(Semaphore):
    _most = True


class Condition:
    def __init__(self, lock=None, *, ctx=None):
        title = _interleave_processes.title("Condition")
        self._lock = lock if lock is not None else RLock()
        self._begin(_interleave_processes.Condition(title, self._lock._core))

    def _begin(self, core):
        self._core = core
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __getstate__(self):
        context.assert_spawning(self)
        return self._lock, self._core._state()

    def __setstate__(self, state):
        self._lock, core = state
        self._begin(_interleave_processes.Condition._of_state(core))

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *exc_info):
        return self._lock.__exit__(*exc_info)

    def wait(self, timeout=None):
        assert self._lock._core.is_mine(), "must acquire() condition before using wait()"
        return self._core.wait(_timeout(timeout))

    def notify(self, n=1):
        assert self._lock._core.is_mine(), "lock is not owned"
        self._core.notify(n)

    def notify_all(self):
        self.notify(2**32 - 1)

    def wait_for(self, predicate, timeout=None):
        import time

        end = None if timeout is None else time.monotonic() + timeout
        while not (result := predicate()):
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
        return result

    def __repr__(self):
        return f"<{type(self).__name__}({self._lock})>"


class Event(_Shared):
    _class = _interleave_processes.Event

    def __init__(self, *, ctx=None):
        self._begin(self._class(_interleave_processes.title("Event")))

    def is_set(self):
        return self._core.is_set()

    def set(self):
        self._core.set()

    def clear(self):
        self._core.clear()

    def wait(self, timeout=None):
        return self._core.wait(_timeout(timeout))

    def __repr__(self):
        return f"<{type(self).__qualname__} at {id(self):#x} {'set' if self.is_set() else 'unset'}>"


class Barrier:
    def __init__(self, parties, action=None, timeout=None, *, ctx=None):
        title = _interleave_processes.title("Barrier")
        self._core = _interleave_processes.Barrier(title, parties)
        self._action = action
        self._timeout = timeout

    def __getstate__(self):
        context.assert_spawning(self)
        return self._core._state(), self._action, self._timeout

    def __setstate__(self, state):
        core, self._action, self._timeout = state
        self._core = _interleave_processes.Barrier._of_state(core)

    def wait(self, timeout=None):
        return self._core.wait(self._action, _timeout(self._timeout if timeout is None else timeout))

    def reset(self):
        self._core.reset()

    def abort(self):
        self._core.abort()

    @property
    def parties(self):
        return self._core.parties()

    @property
    def n_waiting(self):
        return self._core.waiting()

    @property
    def broken(self):
        return self._core.is_broken()

    def __repr__(self):
        state = "broken" if self.broken else f"waiters={self.n_waiting}/{self.parties}"
        return f"<{type(self).__module__}.{type(self).__qualname__} at {id(self):#x}: {state}>"
