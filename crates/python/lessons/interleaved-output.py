"""Two threads print at the same time: read the lines in the order of time."""

import string
import threading
import time

LINES = 10
PAUSE = 0.02

paper = []


def print_slowly(printer, symbols):
    for symbol in symbols:
        time.sleep(PAUSE)
        print(symbol)
        paper.append(printer)


numbers = threading.Thread(
    target=print_slowly, args=("numbers", range(LINES)), name="numbers"
)
letters = threading.Thread(
    target=print_slowly,
    args=("letters", string.ascii_lowercase[:LINES]),
    name="letters",
)
numbers.start()
letters.start()
numbers.join()
letters.join()

changes = sum(before != after for before, after in zip(paper, paper[1:]))
print(f"{len(paper)} lines, and {changes} changes from one printer to the other")
