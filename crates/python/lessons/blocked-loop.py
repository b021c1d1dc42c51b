"""Three coroutines tick and one computes: until it lets go, watch the others stand."""

import asyncio
import time

EVERY = 0.02
TICKS = 12
COMPUTING = 0.16
PIECES = 1


async def tick():
    latest = 0
    for _ in range(TICKS):
        asleep = time.perf_counter()
        await asyncio.sleep(EVERY)
        latest = max(latest, time.perf_counter() - asleep - EVERY)
    return latest


async def crunch():
    await asyncio.sleep(3 * EVERY)
    for _ in range(PIECES):
        until = time.perf_counter() + COMPUTING / PIECES
        while time.perf_counter() < until:
            pass
        await asyncio.sleep(0)


async def main():
    tickers = [asyncio.create_task(tick(), name=f"ticker {n}") for n in (1, 2, 3)]
    cruncher = asyncio.create_task(crunch(), name="cruncher")
    latest = max(await asyncio.gather(*tickers))
    await cruncher
    piece = COMPUTING / PIECES * 1000
    print(f"{COMPUTING * 1000:.0f} ms of computing, {piece:.0f} ms in one piece")
    print(f"The latest tick was {latest * 1000:.0f} ms late")


asyncio.run(main())
