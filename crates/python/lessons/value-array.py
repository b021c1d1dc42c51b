"""Processes that add to one shared number: watch the waits for its lock."""

import multiprocessing

ADDITIONS = 200
PROCESSES = 2


def count(total, counts, place):
    for own in range(1, ADDITIONS + 1):
        with total.get_lock():
            total.value += 1
        counts[place] = own


if __name__ == "__main__":
    total = multiprocessing.Value("i", 0)
    counts = multiprocessing.Array("i", PROCESSES)
    counters = [
        multiprocessing.Process(
            target=count, args=(total, counts, place), name=f"counter {place + 1}"
        )
        for place in range(PROCESSES)
    ]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    print(f"{total.value} in all, of {list(counts)}")
