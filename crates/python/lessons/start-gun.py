"""Runners wait for one event: watch all of them go when main sets it."""

import threading
import time

RUNNERS = 5
SHOT_AFTER = 0.12

start_gun = threading.Event()
too_early = []


def run(number):
    start_gun.wait()
    if not start_gun.is_set():
        too_early.append(number)
    print(f"Runner {number} runs")


runners = [
    threading.Thread(target=run, args=(number,), name=f"runner {number}")
    for number in range(1, RUNNERS + 1)
]
for runner in runners:
    runner.start()

time.sleep(SHOT_AFTER)
print("Bang")
start_gun.set()
start_gun.wait()
print("Main did not have to wait: the event stays set")
for runner in runners:
    runner.join()
print(f"{RUNNERS} ran, {len(too_early)} too early")
