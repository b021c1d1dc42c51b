"""A number goes to another process and comes back: watch the two take turns."""

import multiprocessing
import time

ROUND_TRIPS = 200


def pong(table):
    for _ in range(ROUND_TRIPS):
        ball = table.recv()
        table.send(ball + 1)


if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    other = multiprocessing.Process(target=pong, args=(there,), name="pong")
    other.start()

    ball = 0
    took = []
    for _ in range(ROUND_TRIPS):
        served = time.perf_counter()
        here.send(ball)
        ball = here.recv()
        took.append(time.perf_counter() - served)
    other.join()

    middle = sorted(took)[len(took) // 2]
    print(f"The ball says {ball} after {ROUND_TRIPS} round trips")
    print(f"{middle * 1_000_000:.0f} microseconds each, in the middle")
