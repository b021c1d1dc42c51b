"""Lists, tuples, dictionaries, sets; sorting, slicing, comprehensions, unpacking."""
import heapq
from collections import Counter, defaultdict, deque


def shortest(size):
    graph = {n: [((n * 7 + k * 13) % size, (n + k) % 9 + 1) for k in range(4)] for n in range(size)}
    best = {0: 0}
    queue = [(0, 0)]
    while queue:
        cost, node = heapq.heappop(queue)
        if cost > best.get(node, 1 << 30):
            continue
        for other, weight in graph[node]:
            candidate = cost + weight
            if other not in best or candidate < best[other]:
                best[other] = candidate
                heapq.heappush(queue, (candidate, other))
    return sum(best.values())


def life(rounds):
    cells = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2), (10, 10), (11, 10), (12, 10)}
    for _ in range(rounds):
        counts = Counter((x + dx, y + dy) for x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
        cells = {cell for cell, n in counts.items() if n == 3 or n == 2 and cell in cells}
    return len(cells)


def bubble(values):
    values = list(values)
    for end in range(len(values) - 1, 0, -1):
        for i in range(end):
            if values[i] > values[i + 1]:
                values[i], values[i + 1] = values[i + 1], values[i]
    return values


def distances(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def groups(n):
    grouped = defaultdict(list)
    for i in range(n):
        grouped[i % 17, i % 3].append(i)
    return sorted(((sum(v), k) for k, v in grouped.items()), reverse=True)[:3]


def transposed(rows, columns):
    grid = [[r * columns + c for c in range(columns)] for r in range(rows)]
    turned = [list(column) for column in zip(*grid)]
    for row in turned:
        row[0], row[-1] = row[-1], row[0]
        row[1:3] = [0, 0]
        row.reverse()
    return sum(map(sum, turned)) + len(turned[2:-2:2])


def breadth(width):
    walls = {(x, y) for x in range(width) for y in range(width) if (x * y) % 5 == 4}
    seen, queue = {(0, 0)}, deque([((0, 0), 0)])
    far = 0
    while queue:
        (x, y), distance = queue.popleft()
        far = max(far, distance)
        for place in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if place in walls or place in seen or not (0 <= place[0] < width and 0 <= place[1] < width):
                continue
            seen.add(place)
            queue.append((place, distance + 1))
    return far, len(seen)


for _ in range(3):
    values = [(i * 7919) % 1009 for i in range(160)]
    print(shortest(600), life(30), bubble(values) == sorted(values), distances("kitten" * 12, "sitting" * 11))
    print(groups(9000), transposed(60, 60), breadth(40), any(v > 1000 for v in values), all(values))
    merged = {**dict.fromkeys(range(500), 0), **{k: v for k, v in enumerate(values)}}
    first, *middle, last = values
    print(len(merged), first, len(middle), last, sorted(values, key=lambda v: (-v % 10, v))[:4])
    del merged[3]
    print(sum(merged.pop(k, 0) for k in range(600)), {1, 2} | {3}, {1, 2} & {2}, (1, 2) + (3,), [0] * 4)
