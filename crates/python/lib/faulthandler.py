"""Tells where a thread of a program is. A page has no fatal signals at which to do that by itself."""

import sys


def dump_traceback(file=None, all_threads=True):
    import traceback

    file = sys.stderr if file is None else file
    # Where other threads are cannot be told: stopping them looks at a clock that no page has.
    print("Current thread (most recent call first):", file=file)
    for frame, line in traceback.walk_stack(sys._getframe(1)):
        print(f'  File "{frame.f_code.co_filename}", line {line} in {frame.f_code.co_name}', file=file)


_timer = None


def dump_traceback_later(timeout, repeat=False, file=None, exit=False):
    import threading

    global _timer
    cancel_dump_traceback_later()

    def tell():
        dump_traceback(file)
        if exit:
            import os

            os._exit(1)
        if repeat:
            dump_traceback_later(timeout, repeat, file, exit)

    _timer = threading.Timer(timeout, tell)
    _timer.daemon = True
    _timer.start()


def cancel_dump_traceback_later():
    global _timer
    if _timer is not None:
        _timer.cancel()
        _timer = None


_enabled = False


def enable(file=None, all_threads=True):
    global _enabled
    _enabled = True


def disable():
    global _enabled
    before, _enabled = _enabled, False
    return before


def is_enabled():
    return _enabled
