"""One function, many arguments: watch each process get a chunk and then the next."""

import multiprocessing

PIECES = 48
SIZE = 150
PROCESSES = 2


def longest_way(start):
    """The most steps to 1: halve what is even, else take three times it and one."""
    longest = 0
    for number in range(start, start + SIZE):
        steps = 0
        while number > 1:
            number = 3 * number + 1 if number % 2 else number // 2
            steps += 1
        longest = max(longest, steps)
    return start, longest


if __name__ == "__main__":
    starts = range(1, PIECES * SIZE, SIZE)
    with multiprocessing.Pool(PROCESSES) as pool:
        results = pool.map(longest_way, starts)

    in_order = [start for start, _ in results] == list(starts)
    most = max(longest for _, longest in results)
    print(f"{len(results)} pieces by {PROCESSES} processes, {most} steps at most")
    print(f"Results in the order of their arguments: {in_order}")
