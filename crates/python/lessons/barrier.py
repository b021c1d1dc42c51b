"""Work in rounds: watch the fast workers wait for the slowest one."""

import threading
import time

WORKERS = 3
ROUNDS = 4
LEAST_WORK = 0.02

round_over = threading.Barrier(WORKERS)
finished = []
waited_ms = {}


def work(number):
    waited = 0
    for round_number in range(ROUNDS):
        time.sleep(LEAST_WORK * number)
        finished.append(round_number)
        arrived = time.perf_counter()
        round_over.wait()
        waited += time.perf_counter() - arrived
    waited_ms[number] = waited * 1000


workers = [
    threading.Thread(target=work, args=(number,), name=f"worker {number}")
    for number in range(1, WORKERS + 1)
]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()

for number in sorted(waited_ms):
    print(f"Worker {number} waited {waited_ms[number]:.0f} ms at the barrier")
nobody = "nobody" if finished == sorted(finished) else "somebody"
print(f"{ROUNDS} rounds of {WORKERS} workers, and {nobody} was ahead")
