"""Tasks, and what goes through json, pickle and queues."""
import asyncio
import json
import pickle
import queue


def passing(items):
    given, total = queue.Queue(), 0
    for i in range(items):
        given.put({"number": i, "name": f"item {i}"})
    while not given.empty():
        total += given.get()["number"]
    return total


async def tasks(n):
    lock, box = asyncio.Lock(), asyncio.Queue()

    async def step(i):
        await asyncio.sleep(0)
        async with lock:
            await box.put(i)
        return i

    results = await asyncio.gather(*(step(i) for i in range(n)))
    return sum(results), box.qsize()


copies = pickle.loads(pickle.dumps([(i, {"k": [i] * 3}) for i in range(500)]))
print(len(json.loads(json.dumps(copies))), asyncio.run(tasks(200)), passing(1000))
