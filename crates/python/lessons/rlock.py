"""A function that takes a lock and calls itself: watch the other visitor wait."""

import threading
import time

HEIGHT = 4
VISITORS = 2
LOOK_AROUND = 0.03

tree_lock = threading.RLock()
visits = []


def visit(height):
    with tree_lock:
        time.sleep(LOOK_AROUND)
        visits.append((threading.current_thread().name, height))
        if height > 1:
            visit(height - 1)


visitors = [
    threading.Thread(target=visit, args=(HEIGHT,), name=f"visitor {number}")
    for number in range(1, VISITORS + 1)
]
for visitor in visitors:
    visitor.start()
for visitor in visitors:
    visitor.join()

for name, height in visits:
    print(f"{name} at height {height}")
print(f"{len(visits)} visits by {VISITORS} threads, the lock {HEIGHT} deep")
