"""The same two locks, always account A first: whoever has it will get the other too."""

import threading
import time

TRANSFERS = 3
PAUSE = 0.03

account_a = threading.Lock()
account_b = threading.Lock()


def transfer(first, second):
    for _ in range(TRANSFERS):
        with first:
            time.sleep(PAUSE)
            with second:
                pass
    print(threading.current_thread().name, "is done")


there = threading.Thread(target=transfer, args=(account_a, account_b), name="A to B")
back = threading.Thread(target=transfer, args=(account_a, account_b), name="B to A")
there.start()
back.start()
there.join()
back.join()
print(f"{TRANSFERS} there and back, by order")
