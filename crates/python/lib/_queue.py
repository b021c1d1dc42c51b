"""What CPython has in C of `queue`: the core's queue without an end."""

import _interleave_queues


class Empty(Exception):
    """Exception raised by Queue.get(block=0)/get_nowait()."""


class SimpleQueue(_interleave_queues.Queue):
    """First in, first out, without an end and without tasks."""

    _is_simple = True
    _Empty = Empty

    def __init__(self):
        super().__init__()

    def put(self, item, block=True, timeout=None):
        super().put_nowait(item)


for _made in (Empty, SimpleQueue):
    _made.__module__ = "_queue"
