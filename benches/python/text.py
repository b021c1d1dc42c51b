"""Strings: split, joined, formatted and searched."""

import re

WORDS = "lane lock queue task thread worker page run wait wake".split()


def main():
    lines = [f"{n:05d} {WORDS[n % 10]}-{WORDS[n * 7 % 10].upper()}={n * n % 97}" for n in range(6_000)]
    joined = "\n".join(lines)
    found = re.findall(r"(\w+)-(\w+)=(\d+)", joined)
    total = sum(int(number) for _, _, number in found)
    return total, len(joined.replace("lock", "LOCK").title().split()), joined.count("queue")
