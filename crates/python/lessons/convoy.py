"""A greedy thread takes the lock again at once: watch the row of those behind it."""

import threading
import time

TURNS = 12
OTHERS = 3
KEEPS = 0.025

printer = threading.Lock()
all_here = threading.Barrier(OTHERS + 1)
over = threading.Event()
turns = {}


def take_it_long():
    all_here.wait()
    for _ in range(TURNS):
        with printer:
            time.sleep(KEEPS)
    over.set()


def take_it_briefly(number):
    turns[number] = 0
    all_here.wait()
    while not over.is_set():
        with printer:
            turns[number] += 1
        time.sleep(0.001)


threads = [
    threading.Thread(target=take_it_briefly, args=(number,), name=f"modest {number}")
    for number in range(1, OTHERS + 1)
]
threads.append(threading.Thread(target=take_it_long, name="greedy"))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"Greedy had the lock {TURNS} times, the others {sorted(turns.values())} times")
