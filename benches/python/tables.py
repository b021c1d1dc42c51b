"""Dictionaries and sets that grow and shrink."""


def main():
    counts = {}
    seed = 1
    for _ in range(60_000):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        key = seed >> 16 & 1023
        counts[key] = counts.get(key, 0) + 1
    often = {key for key, count in counts.items() if count > 58}
    seldom = set(counts) - often
    for key in list(counts)[::3]:
        del counts[key]
    return len(often), len(seldom), sum(counts.values())
