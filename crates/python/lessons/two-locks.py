"""Two threads take the same two locks, each in its own order: they end in a circle."""

import threading
import time

TRANSFERS = 3
PAUSE = 0.03

account_a = threading.Lock()
account_b = threading.Lock()
start_line = threading.Barrier(2)


def transfer(source, target):
    start_line.wait()
    for _ in range(TRANSFERS):
        with source:
            time.sleep(PAUSE)
            with target:
                pass
    print(threading.current_thread().name, "is done")


there = threading.Thread(target=transfer, args=(account_a, account_b), name="A to B")
back = threading.Thread(target=transfer, args=(account_b, account_a), name="B to A")
there.start()
back.start()
there.join()
back.join()
print(f"{TRANSFERS} there and back, with luck")
