"""A blurred picture, four ways: threads read it where it is, processes are sent it."""

import asyncio
import pickle
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

SIDE, BAND = 290, 36
WORKERS = 2

picture = [bytes(x * y % 256 for x in range(SIDE)) for y in range(SIDE)]


def blur(rows):
    """The rows between the first and the last, each pixel the mean of its square."""
    blurred = []
    for three in zip(rows, rows[1:], rows[2:]):
        columns = [sum(pixels) for pixels in zip(*three)]
        sums = zip(columns, columns[1:], columns[2:])
        blurred.append(bytes(sum(square) // 9 for square in sums))
    return blurred


async def blur_as_task(rows):
    return blur(rows)


async def blur_all(bands):
    return await asyncio.gather(*map(blur_as_task, bands))


@contextmanager
def timed(way):
    began = time.perf_counter()
    yield
    print(f"{way:13}{(time.perf_counter() - began) * 1000:6.0f} ms")


if __name__ == "__main__":
    bands = [picture[top : top + BAND + 2] for top in range(0, SIDE - 2, BAND)]
    with timed("in a row"):
        blurred = [blur(band) for band in bands]
    with timed("on threads"), ThreadPoolExecutor(WORKERS, "painter") as pool:
        assert list(pool.map(blur, bands)) == blurred
    with timed("on processes"), ProcessPoolExecutor(WORKERS) as pool:
        assert list(pool.map(blur, bands)) == blurred
    with timed("as tasks"):
        assert asyncio.run(blur_all(bands)) == blurred
    there, back = (sum(len(pickle.dumps(it)) for it in all) for all in (bands, blurred))
    print(f"Processes were sent {there:,} bytes and sent back {back:,}, others none")
