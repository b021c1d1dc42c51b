"""Slices of short lists: how often the front of a permutation can be turned round."""

from itertools import permutations


def flips(order):
    order = list(order)
    count = 0
    while (first := order[0]) != 1:
        order[:first] = order[first - 1::-1]
        count += 1
    return count


def main():
    return max(map(flips, permutations(range(1, 8))))
