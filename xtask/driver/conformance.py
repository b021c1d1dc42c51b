# Runs tests of CPython's own suite in the page. The driver puts two constants before this text: FILES, the suite's files
# in a packed form, and JOB, what to run of them. Each test's beginning and end is one line of JSON that begins with MARK.
import sys

MARK = "\x1e"
ROOT = "/conformance"
MOST_THREADS = 150


def unpack():
    import base64
    import json
    import os
    import zlib

    files = json.loads(zlib.decompress(base64.b64decode(FILES), -15))
    for path, text in files.items():
        path = f"{ROOT}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def stand_in():
    """What the suite imports and no page has: the tests that look into it fail, and all others run."""
    import multiprocessing
    import multiprocessing.util
    import types

    for name in ("_multiprocessing", "multiprocessing.heap"):
        sys.modules[name] = types.ModuleType(name)

    class BufferWrapper:
        """The only thing of CPython's own heap that tests use to test other things: room for one number."""

        def __init__(self, size):
            self.memory = multiprocessing.RawArray("i", size // 4)

        def create_memoryview(self):
            return self

        def cast(self, code):
            return self.memory

    class Uncounted:
        """Stands where CPython's condition counts who sleeps, and says as on a system that cannot: so the suite leaves that out."""

        def get_value(self):
            raise NotImplementedError

    from multiprocessing import synchronize

    synchronize.Condition._sleeping_count = Uncounted()
    BufferWrapper.__module__, BufferWrapper.__qualname__ = "multiprocessing.heap", "BufferWrapper"
    multiprocessing.heap = sys.modules["multiprocessing.heap"]
    multiprocessing.heap.BufferWrapper = BufferWrapper
    # What ends the helpers that CPython's own ways to start a process have, of which there are none.
    multiprocessing.util._cleanup_tests = lambda: None


def say_what_there_is():
    """The suite's own switches for platforms like this one."""
    import contextlib
    import signal

    from test import support
    from test.support import import_helper, socket_helper

    # It would switch off frozen modules, and here the whole library is frozen.
    import_helper.frozen_modules = lambda enabled=True: contextlib.nullcontext()
    support.has_fork_support = support.has_subprocess_support = support.has_socket_support = False
    # The suite asks whether they are there, and here they are there to say why they cannot work.
    for name in ("alarm", "setitimer", "pthread_kill", "sigwait"):
        vars(signal).pop(name, None)
    socket_helper._bind_nix_socket_error = OSError("a page has no sockets")
    # Its package begins by asking for sockets, which most of its tests do without.
    import types

    package = sys.modules["test.test_asyncio"] = types.ModuleType("test.test_asyncio")
    package.__path__ = [f"{ROOT}/test/test_asyncio"]
    sys.modules["test"].test_asyncio = package
    if not JOB["module"].startswith("test.test_asyncio."):
        return
    import asyncio

    def get_child_watcher(self):
        raise NotImplementedError

    # Python 3.14 has none any more, and the suite knows loops without.
    asyncio.events._AbstractEventLoopPolicy.get_child_watcher = get_child_watcher
    # What programs here get: the suite looks for what stands before Python's own classes under these names.
    asyncio.tasks._CTask, asyncio.futures._CFuture = asyncio.Task, asyncio.Future


def tell(**record):
    import json

    sys.__stdout__.write(f"\n{MARK}{json.dumps(record)}\n")


def tests_of(suite):
    import unittest

    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def run():
    import threading
    import traceback
    import unittest

    class Telling(unittest.TestResult):
        """Tells what becomes of each test; the worst of what was said of it counts."""

        ranks = ("passed", "skipped", "failed")

        def startTest(self, test):
            super().startTest(test)
            self.outcome, self.why, self.trace = "passed", "", ""
            tell(began=test.id())

        def stopTest(self, test):
            super().stopTest(test)
            # A page does not get the stacks of threads back, so others go on with the rest. Asking counts, too.
            self.shouldStop = threading._counter() - self.testsRun > MOST_THREADS
            tell(ended=test.id(), outcome=self.outcome, why=self.why, trace=self.trace)

        def note(self, test, outcome, why, trace=""):
            if not isinstance(test, unittest.TestCase):
                # A fixture of a class or a module, whose tests do not even begin.
                tell(fixture=str(test), outcome=outcome, why=why, trace=trace)
            elif self.ranks.index(outcome) > self.ranks.index(self.outcome):
                self.outcome, self.why, self.trace = outcome, why, trace

        def failed(self, test, error):
            kind, value, trace = error
            why = traceback.format_exception_only(kind, value)[-1].strip()
            # A module that does not load is told with its whole traceback, of which the end counts.
            why = why[-500:] if why.startswith("ImportError: Failed") else why[:500]
            self.note(test, "failed", why, "".join(traceback.format_exception(kind, value, trace))[-4000:])

        def addError(self, test, error):
            self.failed(test, error)

        def addFailure(self, test, error):
            self.failed(test, error)

        def addSubTest(self, test, subtest, error):
            if error is not None:
                self.failed(test, error)

        def addSkip(self, test, reason):
            self.note(test, "skipped", reason)

        def addUnexpectedSuccess(self, test):
            self.note(test, "failed", "It was expected to fail, and passed.")

    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(JOB["module"])
    except unittest.SkipTest as skipped:
        tell(module=JOB["module"], outcome="skipped", why=str(skipped))
        return
    all_tests = list(tests_of(suite))
    tell(tests=[test.id() for test in all_tests])
    done = set(JOB["done"])
    wanted = [test for place, test in enumerate(all_tests) if place not in done]
    unittest.TestSuite(wanted).run(result := Telling())
    tell(over=not result.shouldStop)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unpack()
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
stand_in()
say_what_there_is()
if __name__ == "__main__":
    run()
