"""High waits for low, and low for medium: watch who has the only processor."""

import threading
import time

LOW, MEDIUM, HIGH = 1, 2, 3
SLICE = 0.004
MEDIUM_SLICES = 25

printer = threading.Lock()
all_here = threading.Barrier(3)
processor = threading.Condition()
wanted_by = []


def execute(priority, slices):
    """Who is most important has the processor, a slice at a time."""
    wanted_by.append(priority)
    for _ in range(slices):
        with processor:
            while priority < max(wanted_by):
                processor.wait()
            until = time.perf_counter() + SLICE
            while time.perf_counter() < until:
                pass
    with processor:
        wanted_by.remove(priority)
        processor.notify_all()


def low():
    with printer:
        all_here.wait()
        execute(LOW, 4)


def medium():
    all_here.wait()
    execute(MEDIUM, MEDIUM_SLICES)
    print("Medium is done")


def high():
    all_here.wait()
    asked = time.perf_counter()
    with printer:
        waited = time.perf_counter() - asked
        print(f"High waited {waited * 1000:.0f} ms for the printer")
        execute(HIGH, 1)


threads = [
    threading.Thread(target=work, name=work.__name__) for work in (low, medium, high)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"Low had {4 * SLICE * 1000:.0f} ms of work to do with it")
