"""Main starts runners, goes on at once, and then waits: watch who waits for whom."""

import threading
import time

RUNNERS = 3
ERRAND = 0.15


def run_errand(number):
    print(f"Runner {number} sets off")
    time.sleep(ERRAND)
    print(f"Runner {number} is back")


began = time.perf_counter()
runners = []
for number in range(1, RUNNERS + 1):
    runner = threading.Thread(
        target=run_errand, args=(number,), name=f"runner {number}"
    )
    runner.start()
    runners.append(runner)
print("Main has started them all and goes on")

for runner in runners:
    runner.join()
took = time.perf_counter() - began
print(f"Main knows that all {RUNNERS} are back, after {took * 1000:.0f} ms")
