"""Requests that compute and wait, four ways: watch what overlaps and what queues."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

REQUESTS = range(1, 9)
DATABASE = 0.04
STEPS = 15_000
WORKERS = 2


def compute(start):
    return sum(number % 7 for number in range(start, start + STEPS))


def answer(request):
    found = compute(request)
    time.sleep(DATABASE)
    return compute(found)


async def answer_as_task(request):
    found = compute(request)
    await asyncio.sleep(DATABASE)
    return compute(found)


async def answer_all():
    return await asyncio.gather(*map(answer_as_task, REQUESTS))


@contextmanager
def timed(way):
    began = time.perf_counter()
    yield
    print(f"{way:13}{(time.perf_counter() - began) * 1000:6.0f} ms")


if __name__ == "__main__":
    with timed("in a row"):
        answers = [answer(request) for request in REQUESTS]
    with timed("on threads"), ThreadPoolExecutor(WORKERS, "server") as pool:
        assert list(pool.map(answer, REQUESTS)) == answers
    with timed("on processes"), ProcessPoolExecutor(WORKERS) as pool:
        assert list(pool.map(answer, REQUESTS)) == answers
    with timed("as tasks"):
        assert asyncio.run(answer_all()) == answers
    print(f"{len(answers)} requests, answered alike each time")
