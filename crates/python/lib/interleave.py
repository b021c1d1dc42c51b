"""What this page has beside Python's own library."""

import asyncio
import functools
import inspect
import os
import sys
import threading
import time
import _interleave_boot
import _interleave_threads
from urllib.request import urlopen

__all__ = ["compare", "fetch"]


async def fetch(request, data=None, timeout=None):
    """As `urllib.request.urlopen`, while the event loop goes on: the wait is in a thread. Where there can be no threads the
    loop waits too."""
    if _interleave_threads.can_start():
        return await asyncio.to_thread(urlopen, request, data, timeout)
    return urlopen(request, data, timeout)


def compare(function, inputs, workers=None):
    """Calls `function`, which may be a coroutine function, with each of `inputs`: one after another, on threads without and
    with a GIL, on processes, and as tasks. Prints how long each way took, the start of its threads or processes included,
    and returns the results, which have to be the same in all of them.

    With a GIL a thread can lose its turn at checkpoints, which take time by themselves: what the GIL does to threads is the
    difference between the two ways that have one. Processes import the program again, so it needs its main guard. There may
    be no other thread, and no seed: with one only steps are counted.
    """
    if _interleave_threads.is_seeded():
        raise RuntimeError("compare() measures time, and under a seed there is none")
    if threading.active_count() > 1:
        raise RuntimeError("compare() needs a program without other threads")
    inputs = list(inputs)
    workers = workers or os.cpu_count()
    had_gil = sys._is_gil_enabled()
    results, first = None, None
    print(f"{function.__name__}, {len(inputs)} inputs, {workers} workers")
    try:
        for name, has_gil, way in WAYS:
            if way in (on_threads, on_processes) and not _interleave_threads.can_start():
                print(f"{name:24} needs a page that is cross-origin isolated")
                continue
            set_gil(has_gil)
            began = time.perf_counter()
            found = way(function, inputs, workers)
            took = time.perf_counter() - began
            if first is None:
                results, first = found, took
            # Where the page is not isolated, a browser's clock may be as coarse as a millisecond.
            ratio = f"{first / took:6.2f} times as fast" if took else "too short to compare"
            print(f"{name:24}{took * 1000:8.1f} ms {ratio}")
            if found != results:
                raise RuntimeError(f"the results differ: {name} gave {found!r}, {WAYS[0][0]} gave {results!r}")
    finally:
        set_gil(had_gil)
    return results


def set_gil(shared):
    _interleave_threads.set_gil(shared)
    (_interleave_boot.watch_checkpoints if shared else _interleave_boot.ignore_checkpoints)()


def called(function, item):
    """The result of a function, or of a coroutine function."""
    return asyncio.run(function(item)) if inspect.iscoroutinefunction(function) else function(item)


def in_a_row(function, inputs, workers):
    return [called(function, item) for item in inputs]


def on_threads(function, inputs, workers):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(functools.partial(called, function), inputs))


def on_processes(function, inputs, workers):
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(functools.partial(called, function), inputs))


def as_tasks(function, inputs, workers):
    async def one(item):
        return await function(item) if inspect.iscoroutinefunction(function) else function(item)

    async def all_of_them():
        return await asyncio.gather(*map(one, inputs))

    return asyncio.run(all_of_them())


# What it is called, whether there is a GIL meanwhile, and how it is done.
WAYS = [
    ("one after another", False, in_a_row),
    ("threads, no GIL", False, on_threads),
    ("one after another, a GIL", True, in_a_row),
    ("threads, a GIL", True, on_threads),
    ("processes", False, on_processes),
    ("tasks", False, as_tasks),
]
