"""Makes the tasks of `asyncio` lanes, and its primitives objects that they wait for."""

import _interleave_tasks

_STEPS = ("__step", "__wakeup")


def will_run(callback):
    """A loop was given something to run: if that is a task, it is ready."""
    if getattr(callback, "__name__", None) in _STEPS:
        lane = getattr(callback.__self__, "_lane", None)
        if lane is not None:
            lane.ready()


def change_tasks(tasks):
    python = tasks._PyTask
    count = tasks._task_name_counter

    class Task(python):
        """A task with a lane. Names with two underscores are those of the class above, which is called the same."""

        _lane = None

        def __init__(self, coro, *, loop=None, name=None, context=None, eager_start=False):
            if tasks.coroutines.iscoroutine(coro):
                title = name
                if name is None:
                    name = f"Task-{count()}"
                    title = f"{name} ({getattr(coro, '__name__', type(coro).__name__)})"
                self._lane = _interleave_tasks.start(str(title))
            super().__init__(coro, loop=loop, name=name, context=context, eager_start=eager_start)
            if self._source_traceback:
                # As the class above: where the task was made, not how.
                del self._source_traceback[-1]

        def __step_run_and_handle_result(self, exc):
            lane = self._lane
            lane.begin()
            try:
                python.__step_run_and_handle_result(self, exc)
            finally:
                if not self.done():
                    future = self._fut_waiter
                    lane.pause(getattr(future, "_lane", None) or getattr(future, "_awaited_as", None))
                elif self.cancelled():
                    lane.finish("cancelled")
                else:
                    lane.finish("completed" if self._exception is None else "failed")
                # As the class above: no cycle with an exception.
                self = None

    Task.__module__ = "asyncio.tasks"
    Task.__qualname__ = "Task"
    tasks.Task = Task
    sleep = tasks.sleep

    async def sleep_of_lane(delay, result=None):
        before = _interleave_tasks.sleeps()
        try:
            return await sleep(delay, result)
        finally:
            _interleave_tasks.waits_as_before(before)

    sleep_of_lane.__name__ = sleep_of_lane.__qualname__ = "sleep"
    sleep_of_lane.__doc__ = sleep.__doc__
    tasks.sleep = sleep_of_lane
    tasks._GatheringFuture._awaited_as = "gather"


def waiting(method):
    """The same method, which waits for the object of its instance."""

    async def wait(self, *args):
        before = self._object.awaited()
        try:
            return await method(self, *args)
        finally:
            _interleave_tasks.waits_as_before(before)

    wait.__name__, wait.__qualname__, wait.__doc__ = method.__name__, method.__qualname__, method.__doc__
    return wait


def change_locks(locks):
    def is_held(instance):
        return getattr(instance, "_locked", True)

    def taking(python):
        acquire = waiting(python.acquire)

        async def acquire_and_say(self):
            taken = await acquire(self)
            self._object.acquired()
            return taken

        def release(self):
            if is_held(self):
                self._object.released()
            python.release(self)

        acquire_and_say.__name__, acquire_and_say.__doc__ = "acquire", python.acquire.__doc__
        release.__doc__ = python.release.__doc__
        return {"acquire": acquire_and_say, "release": release}

    def made(python, kind, **methods):
        name = python.__name__

        def __init__(self, *args, **kwargs):
            self._object = _interleave_tasks.object(kind, name)
            python.__init__(self, *args, **kwargs)

        body = {"__init__": __init__, "__module__": "asyncio.locks", "__doc__": python.__doc__, **methods}
        changed = type(name, (python,), body)
        setattr(locks, name, changed)
        return changed

    made(locks.Lock, "lock", **taking(locks.Lock))
    made(locks.Event, "event", wait=waiting(locks.Event.wait))
    made(locks.Condition, "condition", wait=waiting(locks.Condition.wait))
    semaphore = made(locks.Semaphore, "semaphore", **taking(locks.Semaphore))
    python = locks.BoundedSemaphore

    class BoundedSemaphore(semaphore):
        __doc__ = python.__doc__

        def __init__(self, value=1):
            self._bound_value = value
            semaphore.__init__(self, value)

        def release(self):
            if self._value >= self._bound_value:
                raise ValueError("BoundedSemaphore released too many times")
            semaphore.release(self)

    BoundedSemaphore.__module__ = "asyncio.locks"
    BoundedSemaphore.__qualname__ = "BoundedSemaphore"
    locks.BoundedSemaphore = BoundedSemaphore
    made(locks.Barrier, "barrier", wait=waiting(locks.Barrier.wait))


def change_queues(queues):
    python = queues.Queue
    # What comes out next, where that is known without asking the program's own code.
    ends = {python._get: 0, queues.LifoQueue._get: -1}

    __init__, put_nowait, get_nowait = python.__init__, python.put_nowait, python.get_nowait

    def init(self, maxsize=0):
        self._object = _interleave_tasks.object("queue", type(self).__name__)
        self._messages = []
        __init__(self, maxsize)

    def put_and_say(self, item):
        if type(self)._get in ends and not self.full() and not self._is_shutdown:
            self._messages.append(_interleave_tasks.sent())
        put_nowait(self, item)

    def get_and_say(self):
        item = get_nowait(self)
        if self._messages:
            _interleave_tasks.received(self._messages.pop(ends[type(self)._get]))
        return item

    python.__init__ = init
    python.put_nowait, python.get_nowait = put_and_say, get_and_say
    for method in (python.put, python.get, python.join):
        setattr(python, method.__name__, waiting(method))


def change_timeouts(timeouts):
    python = timeouts.Timeout
    enter, leave = python.__aenter__, python.__aexit__

    async def __aenter__(self):
        entered = await enter(self)
        lane = getattr(self._task, "_lane", None)
        if lane is not None:
            lane.add_timeout()
        return entered

    async def __aexit__(self, *exc_info):
        lane = getattr(self._task, "_lane", None)
        if lane is not None:
            lane.remove_timeout()
        return await leave(self, *exc_info)

    python.__aenter__, python.__aexit__ = __aenter__, __aexit__


def change(module):
    globals()["change_" + module.__name__.partition(".")[2]](module)
