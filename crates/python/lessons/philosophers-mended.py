"""The fork with the lower number first: the last one reaches round, and all can eat."""

import threading
import time

SEATS = 5
MEALS = 3
MOMENT = 0.02

forks = []
for _ in range(SEATS):
    fork = threading.Lock()
    forks.append(fork)


def dine(seat):
    lower, higher = sorted([seat, (seat + 1) % SEATS])
    for _ in range(MEALS):
        with forks[lower]:
            time.sleep(MOMENT)
            with forks[higher]:
                time.sleep(MOMENT)


philosophers = [
    threading.Thread(target=dine, args=(seat,), name=f"philosopher {seat + 1}")
    for seat in range(SEATS)
]
for philosopher in philosophers:
    philosopher.start()
for philosopher in philosophers:
    philosopher.join()
print(f"{SEATS * MEALS} meals at a table of {SEATS}, by order")
