"""The same work twice: in a row, on two threads and on two processes. What cannot start is left out.

The interpreter's time for one piece is long beside what starting costs, and both start before the clock does.
"""

import multiprocessing
import threading
import time

ROUNDS = 4_000_000


def work(gate=None):
    if gate is not None:
        gate.wait()
    total = 0
    for n in range(ROUNDS):
        total += n & 3
    return total


def in_a_row():
    begin = time.perf_counter()
    work()
    work()
    print("row", time.perf_counter() - begin)


def on_two(name, kind, barrier):
    gate = barrier(3)
    workers = [kind(target=work, args=(gate,)) for _ in range(2)]
    try:
        for worker in workers:
            worker.start()
    except RuntimeError as error:
        print("without", name, error)
        return
    gate.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    print(name, time.perf_counter() - begin)


if __name__ == "__main__":
    # What is called for the first time is not yet compiled by the browser.
    work()
    in_a_row()
    on_two("threads", threading.Thread, threading.Barrier)
    try:
        on_two("processes", multiprocessing.Process, multiprocessing.Barrier)
    except (ImportError, OSError) as error:
        print("without processes", error)
