"""Puts our conditions, events, semaphores and barriers into `threading`."""

import _interleave_locks


def change(threading):
    class BoundedSemaphore(_interleave_locks.Semaphore):
        """A semaphore that minds being released more often than acquired."""

        _bounded = True

    condition_of_python = threading.Condition
    our_locks = (_interleave_locks.lock, _interleave_locks.RLock)

    class Condition(_interleave_locks.Condition):
        """A condition over one of our locks; over any other it is Python's own."""

        def __new__(cls, lock=None):
            if lock is None or isinstance(lock, our_locks):
                return super().__new__(cls)
            return condition_of_python(lock)

    for made in (BoundedSemaphore, Condition):
        made.__module__ = "threading"
        made.__qualname__ = made.__name__
    threading.Barrier = _interleave_locks.Barrier
    threading.BoundedSemaphore = BoundedSemaphore
    threading.Condition = Condition
    threading.Event = _interleave_locks.Event
    threading.Semaphore = _interleave_locks.Semaphore
    # Made while the module was loaded, and of no interest to anybody.
    threading._active_limbo_lock = _interleave_locks.hidden_rlock()
    main = threading._main_thread
    main._started = _interleave_locks.Event()
    main._started.set()
