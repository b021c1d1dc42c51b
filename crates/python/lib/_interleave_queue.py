"""Puts our queues into `queue`."""

import _interleave_locks
import _interleave_queues

# What a class that derives from queue.Queue can put elsewhere.
STORAGE = ("_init", "_qsize", "_put", "_get")


class Items:
    """What is in a queue, to be looked at or taken out."""

    def __init__(self, queue):
        self._queue = queue

    def __len__(self):
        return self._queue.qsize()

    def __iter__(self):
        return iter(self._queue._items())

    def __getitem__(self, key):
        return self._queue._items()[key]

    def __repr__(self):
        return f"deque({self._queue._items()!r})"

    def clear(self):
        self._queue._clear()


def change(queue):
    python = queue.Queue

    class Queue(_interleave_queues.Queue):
        """First in, first out. A class that derives from it and stores items its own way is Python's all through."""

        def __init_subclass__(cls, **arguments):
            super().__init_subclass__(**arguments)
            if any(name in cls.__dict__ for name in STORAGE):
                for name, value in python.__dict__.items():
                    if name not in cls.__dict__ and name not in ("__dict__", "__weakref__", "__module__"):
                        setattr(cls, name, value)
                # These are computed in the core's class, and plain attributes in Python's.
                cls.maxsize = cls.unfinished_tasks = 0
                cls.mutex = cls.queue = None
                cls._init_of_python = True

        # The core has a lock of its own; this one is for programs that look into the queue with it held.
        @property
        def mutex(self):
            return self.__dict__.setdefault("mutex", _interleave_locks.hidden_lock())

        @property
        def queue(self):
            return Items(self)

        def __init__(self, maxsize=0):
            if getattr(self, "_init_of_python", False):
                python.__init__(self, maxsize)
            else:
                super().__init__(maxsize)

    class LifoQueue(Queue):
        """Last in, first out."""

        _last_in_first_out = True

    class PriorityQueue(Queue):
        """The least first."""

        _init = queue.PriorityQueue.__dict__["_init"]
        _qsize = queue.PriorityQueue.__dict__["_qsize"]
        _put = queue.PriorityQueue.__dict__["_put"]
        _get = queue.PriorityQueue.__dict__["_get"]

    for name in STORAGE:
        # For classes that put items elsewhere, and call these from theirs.
        setattr(Queue, name, python.__dict__[name])
    for made in (Queue, LifoQueue, PriorityQueue):
        made._Empty, made._Full, made._ShutDown = queue.Empty, queue.Full, queue.ShutDown
        made.__module__ = "queue"
        made.__qualname__ = made.__name__
        setattr(queue, made.__name__, made)
