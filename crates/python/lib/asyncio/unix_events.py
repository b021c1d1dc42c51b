"""The event loop: it waits for timers and for other threads, since there are no files or sockets to wait for."""

import threading

import _interleave_asyncio
import _interleave_tasks

from . import base_events
from . import events

__all__ = ("SelectorEventLoop", "_DefaultEventLoopPolicy", "EventLoop")


class _Wakeup:
    """Stands where a selector would: nothing to select from, but others can end the wait."""

    def __init__(self):
        self.event_loop = threading.Event()

    def select(self, timeout):
        # A loop with nothing to wait for polls its tasks, and need not wait at all.
        if timeout is None or timeout > 0:
            _interleave_tasks.host_waits()
            self.event_loop.wait(timeout)
        self.event_loop.clear()
        return ()

    def wake(self):
        self.event_loop.set()

    def close(self):
        pass


class EventLoop(base_events.BaseEventLoop):
    """An event loop without files, sockets and signals."""

    def __init__(self, selector=None):
        super().__init__()
        self._selector = _Wakeup()

    def _call_soon(self, callback, args, context):
        _interleave_asyncio.will_run(callback)
        return super()._call_soon(callback, args, context)

    def _run_forever_cleanup(self):
        super()._run_forever_cleanup()
        _interleave_tasks.host_goes_on()

    def run_in_executor(self, executor, func, *args):
        future = super().run_in_executor(executor, func, *args)
        future._awaited_as = "executor"
        return future

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        self._selector.wake()

    def add_signal_handler(self, sig, callback, *args):
        raise NotImplementedError("a page has no signals")

    def remove_signal_handler(self, sig):
        return False

    def close(self):
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        super().close()


SelectorEventLoop = EventLoop


class _DefaultEventLoopPolicy(events._BaseDefaultEventLoopPolicy):
    _loop_factory = EventLoop
