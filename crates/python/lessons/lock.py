"""The same counter with a lock: nothing is lost, and the price is waiting."""

import threading

ADDITIONS = 300
THREADS = 2

counter = 0
counter_lock = threading.Lock()
start_line = threading.Barrier(THREADS)


def plus_one(number):
    return number + 1


def add():
    global counter
    start_line.wait()
    for _ in range(ADDITIONS):
        with counter_lock:
            seen = counter
            counter = plus_one(seen)


adders = [
    threading.Thread(target=add, name=f"adder {number}")
    for number in range(1, THREADS + 1)
]
for adder in adders:
    adder.start()
for adder in adders:
    adder.join()

made = THREADS * ADDITIONS
print(f"{made:,} additions, {counter:,} counted, {made - counter:,} lost")
