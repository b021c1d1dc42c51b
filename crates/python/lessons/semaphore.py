"""Six clients, two connections: watch that no more than two are asleep at a time."""

import threading
import time

CLIENTS = 6
PERMITS = 2
DOWNLOAD = 0.06

connections = threading.Semaphore(PERMITS)
under_way = set()
counts = []


def download(number):
    with connections:
        under_way.add(number)
        counts.append(len(under_way))
        time.sleep(DOWNLOAD)
        under_way.remove(number)


began = time.perf_counter()
clients = [
    threading.Thread(target=download, args=(number,), name=f"client {number}")
    for number in range(1, CLIENTS + 1)
]
for client in clients:
    client.start()
for client in clients:
    client.join()

rounds = (time.perf_counter() - began) / DOWNLOAD
print(f"{CLIENTS} clients, never more than {max(counts)} at a time")
print(f"That took as long as {rounds:.1f} downloads")
