"""Requests, four ways: many can be under way although only one lane is ever solid."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

REQUESTS = range(12)
DATABASE = 0.03
STEPS = 8_000
WORKERS = 2


def compute():
    return sum(number * number for number in range(STEPS))


def answer(request):
    began = time.time()
    compute()
    time.sleep(DATABASE)
    compute()
    return began, time.time()


async def answer_as_task(request):
    began = time.time()
    compute()
    await asyncio.sleep(DATABASE)
    compute()
    return began, time.time()


async def answer_all():
    return await asyncio.gather(*map(answer_as_task, REQUESTS))


def show(way, spans):
    spans = list(spans)
    most = max(sum(began <= now < ended for began, ended in spans) for now, _ in spans)
    print(f"{way:13} {most:2} of {len(spans)} requests under way at once")


if __name__ == "__main__":
    show("in a row", map(answer, REQUESTS))
    with ThreadPoolExecutor(WORKERS, "server") as pool:
        show("on threads", pool.map(answer, REQUESTS))
    with ProcessPoolExecutor(WORKERS) as pool:
        show("on processes", pool.map(answer, REQUESTS))
    show("as tasks", asyncio.run(answer_all()))
