"""Signals, of which a page has one: somebody wants the program to stop."""

import _interleave_threads

SIG_DFL, SIG_IGN = 0, 1
SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGALRM, SIGTERM, SIGCHLD = 1, 2, 3, 6, 9, 14, 15, 17
SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE = 10, 11, 12, 13
NSIG = 65


def default_int_handler(signalnum, frame, /):
    raise KeyboardInterrupt


_handlers = {number: SIG_DFL for number in range(1, NSIG)}
_handlers[SIGINT] = default_int_handler


def signal(signalnum, handler, /):
    if signalnum not in _handlers:
        raise ValueError("signal number out of range")
    if _interleave_threads.get_ident() != _interleave_threads._get_main_thread_ident():
        raise ValueError("signal only works in main thread of the main interpreter")
    before = _handlers[signalnum]
    _handlers[signalnum] = handler
    return before


def getsignal(signalnum, /):
    if signalnum not in _handlers:
        raise ValueError("signal number out of range")
    return _handlers[signalnum]


def raise_signal(signalnum, /):
    handler = getsignal(signalnum)
    if callable(handler):
        handler(signalnum, None)
    elif handler == SIG_DFL and signalnum not in (SIGCHLD,):
        raise SystemExit(128 + signalnum)


def set_wakeup_fd(fd, /, *, warn_on_full_buffer=True):
    return -1


def siginterrupt(signalnum, flag, /):
    pass


def valid_signals():
    return set(_handlers)


_TEXTS = {
    SIGHUP: "Hangup", SIGINT: "Interrupt", SIGQUIT: "Quit", SIGABRT: "Aborted", SIGKILL: "Killed",
    SIGALRM: "Alarm clock", SIGTERM: "Terminated", SIGCHLD: "Child exited", SIGUSR1: "User defined signal 1",
    SIGUSR2: "User defined signal 2", SIGSEGV: "Segmentation fault", SIGPIPE: "Broken pipe",
}


def strsignal(signalnum, /):
    if signalnum not in _handlers:
        raise ValueError("signal number out of range")
    return _TEXTS.get(signalnum)


def _refuse(*args):
    raise OSError("a page has no signals but SIGINT: use threading.Timer for an alarm")


alarm = setitimer = getitimer = pause = sigwait = pthread_kill = _refuse
