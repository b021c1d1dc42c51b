"""Two processes, each with a memory of its own: watch what is sent, and what is not."""

import multiprocessing

BASE = 10
EXPONENTS = [2, 3]

found = []


def compute_power(exponent, results):
    power = BASE**exponent
    found.append(power)
    print(f"{BASE} to the power of {exponent} is {power:,}; here, found is {found}")
    results.put(power)


if __name__ == "__main__":
    results = multiprocessing.Queue()
    started = []
    for exponent in EXPONENTS:
        process = multiprocessing.Process(
            target=compute_power, args=(exponent, results), name=f"power {exponent}"
        )
        process.start()
        started.append(process)

    received = sum(results.get() for _ in started)
    for process in started:
        process.join()
    print(f"Main was sent powers that sum to {received:,}")
    print(f"In main, found is still {found}")
