"""Each takes the left fork, waits a moment, and reaches for the right: nobody eats."""

import threading
import time

SEATS = 5
MEALS = 3
MOMENT = 0.05

forks = []
for _ in range(SEATS):
    fork = threading.Lock()
    forks.append(fork)

table_is_laid = threading.Barrier(SEATS)


def dine(seat):
    left, right = forks[seat], forks[(seat + 1) % SEATS]
    table_is_laid.wait()
    for _ in range(MEALS):
        with left:
            time.sleep(MOMENT)
            with right:
                time.sleep(MOMENT)


philosophers = [
    threading.Thread(target=dine, args=(seat,), name=f"philosopher {seat + 1}")
    for seat in range(SEATS)
]
for philosopher in philosophers:
    philosopher.start()
for philosopher in philosophers:
    philosopher.join()
print(f"{SEATS * MEALS} meals at a table of {SEATS}, with luck")
