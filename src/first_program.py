import threading
import time

count = 0
lock = threading.Lock()


def work(times):
    global count
    for _ in range(times):
        with lock:
            before = count
            time.sleep(0.05)
            count = before + 1
    print(threading.current_thread().name, "is done")


workers = [threading.Thread(target=work, args=(8,), name=f"worker {n}") for n in (1, 2)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print("counted to", count)
