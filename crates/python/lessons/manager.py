"""A dict that lives in a process of its own: watch the manager do what others ask."""

import multiprocessing

WRITERS = {1: "one", 2: "two"}


def write(names, number, name):
    print(f"{number} is called {name}")
    names[number] = name


if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        names = manager.dict()
        writers = [
            multiprocessing.Process(
                target=write, args=(names, number, name), name=f"writer {number}"
            )
            for number, name in WRITERS.items()
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        print(f"The manager has {dict(sorted(names.items()))}")
