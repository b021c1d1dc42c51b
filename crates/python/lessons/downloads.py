"""Downloads, four ways: watch how many wait at once. A sleep stands for the network."""

import asyncio
import time
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

FILES = [f"chapter-{number}.txt" for number in range(1, 17)]
LATENCY = 0.03
WORKERS = 2


def check(file):
    return zlib.crc32(file.encode() * 1_000)


def download(file):
    began = time.time()
    time.sleep(LATENCY)
    check(file)
    return began, time.time()


async def download_as_task(file):
    began = time.time()
    await asyncio.sleep(LATENCY)
    check(file)
    return began, time.time()


async def download_all():
    return await asyncio.gather(*map(download_as_task, FILES))


def show(way, spans):
    spans = list(spans)
    took = max(ended for _, ended in spans) - min(began for began, _ in spans)
    most = max(sum(began <= now < ended for began, ended in spans) for now, _ in spans)
    print(f"{way:13}{took * 1000:6.0f} ms, {most:2} of {len(spans)} under way at once")


if __name__ == "__main__":
    show("in a row", map(download, FILES))
    with ThreadPoolExecutor(WORKERS, "loader") as pool:
        show("on threads", pool.map(download, FILES))
    with ProcessPoolExecutor(WORKERS) as pool:
        show("on processes", pool.map(download, FILES))
    show("as tasks", asyncio.run(download_all()))
