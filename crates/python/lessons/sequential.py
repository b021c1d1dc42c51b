"""One lane does all of it: watch that it is never idle, and that nothing waits."""

import math
import time

LIMIT = 40_000
TASKS = 16


def count_primes(numbers):
    return sum(is_prime(number) for number in numbers)


def is_prime(number):
    divisors = range(2, math.isqrt(number) + 1)
    return number > 1 and all(number % divisor for divisor in divisors)


size = LIMIT // TASKS
primes = 0
took_ms = []
for start in range(0, LIMIT, size):
    began = time.perf_counter()
    primes += count_primes(range(start, start + size))
    took_ms.append((time.perf_counter() - began) * 1000)

print(f"{primes:,} primes below {LIMIT:,}")
print(f"{len(took_ms)} tasks, one after another: {sum(took_ms):.0f} ms")
print(f"The first took {took_ms[0]:.1f} ms, the last {took_ms[-1]:.1f} ms")
