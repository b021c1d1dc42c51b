"""The bell rings after the sleeper looked and before it sleeps: it waits for ever."""

import threading
import time

HESITATION = 0.05

bell = threading.Condition()
evening = threading.Barrier(2)
rung = False


def sleep_until_the_bell():
    evening.wait()
    # The mistake: it looks before it has the lock.
    if not rung:
        time.sleep(HESITATION)
        with bell:
            bell.wait()
    print("The sleeper gets up")


def ring():
    global rung
    evening.wait()
    time.sleep(HESITATION / 2)
    with bell:
        rung = True
        bell.notify_all()
    print("The bell has rung")


sleeper = threading.Thread(target=sleep_until_the_bell, name="sleeper")
ringer = threading.Thread(target=ring, name="ringer")
sleeper.start()
ringer.start()
ringer.join()
sleeper.join()
print("The sleeper heard the bell, with luck")
