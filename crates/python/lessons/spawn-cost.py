"""Nothing to do for any of them: what is left is starting, the dashed spans."""

import asyncio
import multiprocessing
import threading
import time

THREADS = 8
PROCESSES = 4
TASKS = 1_000


def nothing():
    pass


async def nothing_as_task():
    pass


# A thread gets the worker of one that is over, as in a pool; a process gets a new one.
def start_and_join(kind, what, many):
    took = []
    for number in range(1, many + 1):
        one = kind(target=nothing, name=f"{what} {number}")
        began = time.perf_counter()
        one.start()
        one.join()
        took.append(time.perf_counter() - began)
    show(f"first {what}", took[0])
    later = sorted(took[1:])
    show(f"later {what}", later[len(later) // 2])


async def gather_tasks():
    began = time.perf_counter()
    await asyncio.gather(*(nothing_as_task() for _ in range(TASKS)))
    show("task", (time.perf_counter() - began) / TASKS)


def show(what, seconds):
    print(f"{what:15}{seconds * 1000:8.3f} ms")


if __name__ == "__main__":
    start_and_join(threading.Thread, "thread", THREADS)
    start_and_join(multiprocessing.Process, "process", PROCESSES)
    asyncio.run(gather_tasks())
