"""Requests at the door of a server, four ways: watch where they queue."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

REQUESTS = 16
A_SECOND = 200
DATABASE = 0.04
STEPS = 1_000
WORKERS = 2


def compute():
    return sum(number * number for number in range(STEPS))


def arrivals():
    opened = time.time()
    return [opened + number / A_SECOND for number in range(REQUESTS)]


def serve(arrival):
    time.sleep(max(0, arrival - time.time()))
    compute()
    time.sleep(DATABASE)
    return time.time() - arrival


async def serve_as_task(arrival):
    await asyncio.sleep(max(0, arrival - time.time()))
    compute()
    await asyncio.sleep(DATABASE)
    return time.time() - arrival


async def serve_all():
    return await asyncio.gather(*map(serve_as_task, arrivals()))


def show(way, times):
    longest = max(times) * 1000
    print(f"{way:13}{longest:6.0f} ms from door to answer, for the unluckiest")


if __name__ == "__main__":
    show("in a row", map(serve, arrivals()))
    with ThreadPoolExecutor(WORKERS, "server") as pool:
        show("on threads", pool.map(serve, arrivals()))
    with ProcessPoolExecutor(WORKERS) as pool:
        # The door opens when there is somebody to serve.
        pool.submit(compute).result()
        show("on processes", pool.map(serve, arrivals()))
    show("as tasks", asyncio.run(serve_all()))
