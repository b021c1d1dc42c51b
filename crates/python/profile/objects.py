"""Functions, closures, classes, properties, generators, exceptions, context managers, decorators."""
import functools
from contextlib import contextmanager
from dataclasses import dataclass


class Shape:
    count = 0

    def __init__(self, name):
        self.name = name

    def area(self):
        raise NotImplementedError

    def describe(self):
        return f"{self.name} {self.area():.2f}"

    def __lt__(self, other):
        return self.area() < other.area()


class Rectangle(Shape):
    __slots__ = ("width", "height")

    def __init__(self, width, height):
        super().__init__("rectangle")
        self.width = width
        self.height = height

    def area(self):
        return self.width * self.height

    @property
    def is_square(self):
        return self.width == self.height

    @classmethod
    def square(cls, side):
        return cls(side, side)

    @staticmethod
    def unit():
        return 1


class Circle(Shape):
    def __init__(self, radius):
        super().__init__("circle")
        self.radius = radius

    def area(self):
        return 3.14159 * self.radius**2


@dataclass(order=True)
class Point:
    x: int
    y: int = 0

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __hash__(self):
        return hash((self.x, self.y))


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None


class Tree:
    def __init__(self):
        self.root = None
        self.size = 0

    def add(self, key):
        if self.root is None:
            self.root = Node(key)
        else:
            node = self.root
            while True:
                if key == node.key:
                    return
                side = "left" if key < node.key else "right"
                following = getattr(node, side)
                if following is None:
                    setattr(node, side, Node(key))
                    break
                node = following
        self.size += 1

    def __iter__(self):
        def walk(node):
            if node is not None:
                yield from walk(node.left)
                yield node.key
                yield from walk(node.right)

        return walk(self.root)

    def __len__(self):
        return self.size

    def __contains__(self, key):
        node = self.root
        while node:
            if node.key == key:
                return True
            node = node.left if key < node.key else node.right
        return False


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def hanoi(n, a="a", b="b", c="c"):
    return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)


def counted(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        nonlocal calls
        calls += 1
        return function(*args, **kwargs), calls

    return wrapper


@counted
def add(a, b=1, *, scale=1):
    return (a + b) * scale


@functools.lru_cache(None)
def ways(n, k):
    return 1 if n == 0 else 0 if n < 0 or k == 0 else ways(n - k, k) + ways(n, k - 1)


@contextmanager
def noted(log, name):
    log.append("+" + name)
    try:
        yield len(log)
    finally:
        log.append("-" + name)


def halves(n):
    while n > 1:
        sent = yield n
        n = n // 2 if sent is None else sent


def careful(values):
    failures = 0
    for value in values:
        try:
            100 // value
        except ZeroDivisionError:
            failures += 1
        except TypeError as error:
            failures += len(error.args)
        else:
            failures += 0
        finally:
            failures += 0
    return failures


for _ in range(3):
    shapes = [Rectangle(i % 7 + 1, i % 5 + 1) if i % 3 else Circle(i % 4) for i in range(1500)]
    print(sum(s.area() for s in shapes), min(shapes).describe(), sum(isinstance(s, Circle) for s in shapes))
    print(sum(s.is_square for s in shapes if type(s) is Rectangle), Rectangle.square(3).area(), Rectangle.unit())
    tree = Tree()
    for i in range(1500):
        tree.add((i * 7919) % 2003)
    print(len(tree), sum(tree), sum(k in tree for k in range(2003)))
    points = {Point(i % 50, i % 20) for i in range(2000)}
    total = Point(0)
    for point in points:
        total = total + point
    print(total, len(points), sorted(points)[0])
    print(ackermann(2, 60), hanoi(11), ways(60, 20), careful([i % 5 if i % 7 else "x" for i in range(3000)]))
    for i in range(3000):
        result = add(i, scale=2) if i % 2 else add(i, 3)
    log = []
    for i in range(300):
        with noted(log, str(i)) as n:
            pass
    print(result, len(log), n, sum(sum(halves(i)) for i in range(500)))
    adders = [lambda x, n=n: x + n for n in range(50)]
    print(sum(f(i) for i in range(100) for f in adders), [*map(str, filter(None, range(5)))])
