"""Eight waits, four ways: watch how many lanes sleep at the same time."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

WAITS = [0.1] * 8
WORKERS = 2


def wait(seconds):
    time.sleep(seconds)


async def wait_for_all():
    await asyncio.gather(*map(asyncio.sleep, WAITS))


@contextmanager
def timed(way):
    began = time.perf_counter()
    yield
    print(f"{way:13}{(time.perf_counter() - began) * 1000:6.0f} ms")


if __name__ == "__main__":
    print(f"{len(WAITS)} waits, {sum(WAITS) * 1000:.0f} ms if they are added up")
    with timed("in a row"):
        for seconds in WAITS:
            wait(seconds)
    with timed("on threads"), ThreadPoolExecutor(WORKERS, "waiter") as pool:
        list(pool.map(wait, WAITS))
    with timed("on processes"), ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(wait, WAITS))
    with timed("as tasks"):
        asyncio.run(wait_for_all())
