"""Calls of small functions: Fibonacci's numbers, without keeping any."""


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def main():
    return fibonacci(21)
