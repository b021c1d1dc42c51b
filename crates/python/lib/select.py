"""Waiting for files and sockets, of which a page has none."""

error = OSError


def select(rlist, wlist, xlist, timeout=None, /):
    if rlist or wlist or xlist:
        raise OSError("a page has no files or sockets to wait for")
    import time

    time.sleep(timeout or 0)
    return [], [], []
