"""Whole numbers and floats in loops, comparisons, ranges, divisions."""
import math


def collatz(limit):
    longest = 0
    for start in range(1, limit):
        steps, n = 0, start
        while n != 1:
            if n % 2:
                n = 3 * n + 1
            else:
                n //= 2
            steps += 1
        if steps > longest:
            longest = steps
    return longest


def primes(limit):
    found = []
    for n in range(2, limit):
        for p in found:
            if p * p > n:
                found.append(n)
                break
            if n % p == 0:
                break
        else:
            found.append(n)
    return found


def mandelbrot(size):
    inside = 0
    for row in range(size):
        y = 2.0 * row / size - 1.0
        for column in range(size):
            x = 3.0 * column / size - 2.0
            a = b = 0.0
            for _ in range(40):
                a, b = a * a - b * b + x, 2.0 * a * b + y
                if a * a + b * b > 4.0:
                    break
            else:
                inside += 1
    return inside


def integral(steps):
    total = 0.0
    width = math.pi / steps
    for i in range(steps):
        total += math.sin((i + 0.5) * width) * width
    return total


def digits(count):
    value = 1
    for i in range(1, count):
        value *= i
    return sum(int(d) for d in str(value))


def bits(n):
    mask, total = 0xFFFF, 0
    for i in range(n):
        total ^= (i << 3 | i >> 2) & mask
        total = -total if total < 0 else ~total & mask
    return total


for _ in range(3):
    print(collatz(4000), len(primes(8000)), mandelbrot(40), round(integral(40000), 6), digits(300), bits(40000))
print(sum(i * i for i in range(50000)), max(range(50000)), min([3, 1, 2]), abs(-4), divmod(17, 5), pow(3, 200, 1009))
