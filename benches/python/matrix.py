"""Loops over floats: a matrix that is computed as it is multiplied."""


def entry(row, column):
    return 1.0 / ((row + column) * (row + column + 1) // 2 + row + 1)


def times(vector):
    size = range(len(vector))
    return [sum(entry(row, column) * vector[column] for column in size) for row in size]


def main():
    vector = [1.0] * 60
    for _ in range(8):
        vector = times(vector)
        largest = max(vector)
        vector = [value / largest for value in vector]
    return round(sum(vector), 6)
