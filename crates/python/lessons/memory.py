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


def keep(kind, what, many, here, weighed):
    began = time.perf_counter()
    kept = []
    for number in range(1, many + 1):
        one = kind(target=stay, args=(here, weighed), name=f"{what} {number}")
        one.start()
        kept.append(one)
    for _ in kept:
        here.acquire()
    show(what, many, time.perf_counter() - began)
    weighed.set()
    for one in kept:
        one.join()


async def keep_tasks():
    weighed = asyncio.Event()
    began = time.perf_counter()
    tasks = [asyncio.create_task(weighed.wait()) for _ in range(TASKS)]
    await asyncio.sleep(0)
    show("task", TASKS, time.perf_counter() - began)
    weighed.set()
    await asyncio.gather(*tasks)


def show(what, many, seconds):
    each = seconds / many * 1000
    print(f"a {what:8}{each:8.3f} ms, {many:5,} there after {seconds * 1000:.0f} ms")


if __name__ == "__main__":
    asyncio.run(keep_tasks())
    here = threading.Semaphore(0)
    weighed = threading.Event()
    keep(threading.Thread, "thread", THREADS, here, weighed)
    here = multiprocessing.Semaphore(0)
    weighed = multiprocessing.Event()
    keep(multiprocessing.Process, "process", PROCESSES, here, weighed)
