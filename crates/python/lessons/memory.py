"""Many of each, kept at once: Python is not told their memory, so it weighs time."""

import asyncio
import multiprocessing
import threading
import time

TASKS = 1_000
THREADS = 10
PROCESSES = 3


def stay(here, weighed):
    here.release()
    weighed.wait()


async def keep_tasks():
    weighed = asyncio.Event()
    began = time.perf_counter()
    tasks = [asyncio.create_task(weighed.wait()) for _ in range(TASKS)]
    await asyncio.sleep(0)
    took = time.perf_counter() - began
    weighed.set()
    await asyncio.gather(*tasks)
    return took


def keep(kind, names, here, weighed):
    began = time.perf_counter()
    kept = [kind(target=stay, args=(here, weighed), name=name) for name in names]
    for one in kept:
        one.start()
    for _ in kept:
        here.acquire()
    took = time.perf_counter() - began
    weighed.set()
    for one in kept:
        one.join()
    return took


def show(what, many, took):
    each = took / many * 1000
    print(f"{many:5,} {what:9} there after {took * 1000:4.0f} ms, {each:7.3f} ms each")


if __name__ == "__main__":
    show("tasks", TASKS, asyncio.run(keep_tasks()))

    here = threading.Semaphore(0)
    weighed = threading.Event()
    names = [f"thread {number}" for number in range(1, THREADS + 1)]
    show("threads", THREADS, keep(threading.Thread, names, here, weighed))

    here = multiprocessing.Semaphore(0)
    weighed = multiprocessing.Event()
    names = [f"process {number}" for number in range(1, PROCESSES + 1)]
    show("processes", PROCESSES, keep(multiprocessing.Process, names, here, weighed))
