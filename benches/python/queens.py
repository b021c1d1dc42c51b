"""Generators and sets: queens that do not threaten each other."""


def placed(size, row=0, columns=frozenset(), rising=frozenset(), falling=frozenset()):
    if row == size:
        yield columns
        return
    for column in range(size):
        if column not in columns and row + column not in rising and row - column not in falling:
            yield from placed(size, row + 1, columns | {column}, rising | {row + column}, falling | {row - column})


def main():
    return sum(1 for _ in placed(8))
