"""Two threads add to one counter without asking each other: run it more than once."""

import threading

ADDITIONS = 20_000
THREADS = 2

counter = 0
start_line = threading.Barrier(THREADS)


def plus_one(number):
    return number + 1


def add():
    global counter
    start_line.wait()
    for _ in range(ADDITIONS):
        # Read, add, write back: who writes in between is overwritten.
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
