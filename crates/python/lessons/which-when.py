"""Three loads, four ways: believe no rule, read the fastest in every row."""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

# What a job of each load has to do: steps to compute, seconds to wait.
LOADS = {"computes": (40_000, 0), "waits": (0, 0.03), "does both": (10_000, 0.015)}
JOBS = 8
WORKERS = 2


def compute(steps):
    return sum(number * number for number in range(steps))


def work(job):
    steps, seconds = job
    compute(steps)
    time.sleep(seconds)


async def work_as_task(job):
    steps, seconds = job
    compute(steps)
    await asyncio.sleep(seconds)


async def work_on_all(jobs):
    await asyncio.gather(*map(work_as_task, jobs))


def took_ms(run):
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    threads = ThreadPoolExecutor(WORKERS, "worker")
    processes = ProcessPoolExecutor(WORKERS)
    with threads, processes:
        # All are started before anything is measured.
        list(processes.map(compute, range(WORKERS)))
        print(f"{'ms':9}  in a row   threads processes     tasks")
        for name, job in LOADS.items():
            jobs = [job] * JOBS
            row = [
                took_ms(lambda: list(map(work, jobs))),
                took_ms(lambda: list(threads.map(work, jobs))),
                took_ms(lambda: list(processes.map(work, jobs))),
                took_ms(lambda: asyncio.run(work_on_all(jobs))),
            ]
            print(f"{name:9}", *(f"{ms:9.0f}" for ms in row))
