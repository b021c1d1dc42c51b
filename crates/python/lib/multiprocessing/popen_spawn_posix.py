"""Starts a process: an interpreter of its own, which is sent what it is to run."""

import io

import _interleave_processes

from . import context
from . import reduction
from . import spawn
from . import util

__all__ = ["Popen"]


class Sentinel(int):
    """The number of a process, which can be waited for beside others."""


class Popen:
    method = "spawn"

    def __init__(self, process_obj):
        util._flush_std_streams()
        preparation = spawn.get_preparation_data(process_obj._name)
        data = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(preparation, data)
            reduction.dump(process_obj, data)
        finally:
            context.set_spawning_popen(None)
        self.returncode = None
        self._child = _interleave_processes.start(process_obj.name, process_obj.daemon, data.getbuffer())
        self.pid = self._child.pid()
        self.sentinel = Sentinel(self.pid)
        self.sentinel.child = self._child

    def poll(self, flag=None):
        if self.returncode is None:
            self.returncode = self._child.poll()
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            self.returncode = self._child.wait(timeout)
        return self.returncode

    def interrupt(self):
        # Nobody can have a handler for it: signals do not cross from one process to another here.
        self.terminate()

    def terminate(self):
        if self.returncode is None:
            self._child.terminate()

    def kill(self):
        if self.returncode is None:
            self._child.kill()

    def close(self):
        pass
