"""The same work twice, in a row and on two threads: run it with a GIL and without."""

import math
import sys
import threading
import time

LIMIT = 25_000


def is_prime(number):
    divisors = range(2, math.isqrt(number) + 1)
    return number > 1 and all(number % divisor for divisor in divisors)


def count_primes():
    return sum(is_prime(number) for number in range(LIMIT))


began = time.perf_counter()
count_primes()
count_primes()
in_a_row = time.perf_counter() - began

began = time.perf_counter()
counters = [
    threading.Thread(target=count_primes, name=f"counter {number}") for number in (1, 2)
]
for counter in counters:
    counter.start()
for counter in counters:
    counter.join()
on_threads = time.perf_counter() - began

# Python can be asked since 3.13; before, there always was one.
has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
print("With a GIL" if has_gil else "Without a GIL")
print(f"In a row {in_a_row * 1000:.0f} ms, on two threads {on_threads * 1000:.0f} ms")
print(f"The second thread made it {in_a_row / on_threads:.1f} times as fast")
