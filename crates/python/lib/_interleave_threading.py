"""Puts our conditions, events, semaphores and barriers into `threading`."""

import _interleave_locks


def change(threading):
    class Event(_interleave_locks.Event):
        """An event; what is out of use is Python's own, and says so."""

        isSet = threading.Event.isSet

    class Semaphore(_interleave_locks.Semaphore):
        """A semaphore that is shown as Python shows it."""

        __repr__ = threading.Semaphore.__repr__

    class BoundedSemaphore(Semaphore):
        """A semaphore that minds being released more often than acquired."""

        _bounded = True
        __repr__ = threading.BoundedSemaphore.__repr__

        def __init__(self, value=1):
            super().__init__(value)
            self._initial_value = value

    condition_of_python = threading.Condition
    our_locks = (_interleave_locks.lock, _interleave_locks.RLock)

    class Condition(_interleave_locks.Condition):
        """A condition over one of our locks; over any other it is Python's own."""

        def __new__(cls, lock=None):
            if lock is None or isinstance(lock, our_locks):
                return super().__new__(cls)
            return condition_of_python(lock)

        notifyAll = condition_of_python.notifyAll

        # What a condition over this one as its lock asks of it.
        def _release_save(self):
            return getattr(self._lock, "_release_save", self._lock.release)()

        def _acquire_restore(self, state):
            restore = getattr(self._lock, "_acquire_restore", None)
            self._lock.acquire() if restore is None else restore(state)

    for made in (Event, Semaphore, BoundedSemaphore, Condition):
        made.__module__ = "threading"
        made.__qualname__ = made.__name__
    threading.Barrier = _interleave_locks.Barrier
    threading.BoundedSemaphore = BoundedSemaphore
    threading.Condition = Condition
    threading.Event = Event
    threading.Semaphore = Semaphore
    # Made while the module was loaded, and of no interest to anybody.
    threading._active_limbo_lock = _interleave_locks.hidden_rlock()
    main = threading._main_thread
    main._started = _interleave_locks.Event()
    main._started.set()
