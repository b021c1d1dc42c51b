"""A short shelf between one who makes and two who use: watch who waits for it."""

import queue
import threading
import time

ITEMS = 12
CONSUMERS = 2
SHELF = 3
USING = 0.03

shelf = queue.Queue(SHELF)
used = []


def consume():
    while (item := shelf.get()) is not None:
        time.sleep(USING)
        used.append(item)


consumers = [
    threading.Thread(target=consume, name=f"consumer {number}")
    for number in range(1, CONSUMERS + 1)
]
for consumer in consumers:
    consumer.start()

began = time.perf_counter()
for item in range(1, ITEMS + 1):
    shelf.put(item)
waited = time.perf_counter() - began
# One end for each consumer, or the others would wait for ever.
for _ in consumers:
    shelf.put(None)
for consumer in consumers:
    consumer.join()

print(f"{len(used)} items used by {CONSUMERS} consumers, numbers sum to {sum(used)}")
print(f"The producer needed {waited * 1000:.0f} ms, mostly waiting for the shelf")
