"""Coroutines on one thread: watch all of them sleep at once, and no two run at once."""

import asyncio
import time

COROUTINES = 3
ERRAND = 0.15


async def run_errand(number):
    await asyncio.sleep(ERRAND)
    return number


async def main():
    began = time.perf_counter()
    errands = [
        asyncio.create_task(run_errand(number), name=f"coroutine {number}")
        for number in range(1, COROUTINES + 1)
    ]
    back = await asyncio.gather(*errands)
    took = time.perf_counter() - began

    in_order = back == sorted(back)
    print(f"{len(back):,} coroutines back after {took * 1000:.0f} ms")
    print(f"Results in the order in which they were started: {in_order}")


asyncio.run(main())
