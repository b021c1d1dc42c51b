"""Programs of the operating system, of which a page has none: programs may import this, and are told when they use it."""

PIPE, STDOUT, DEVNULL = -1, -2, -3

__all__ = [
    "CalledProcessError", "CompletedProcess", "DEVNULL", "PIPE", "Popen", "STDOUT", "SubprocessError",
    "TimeoutExpired", "call", "check_call", "check_output", "getoutput", "getstatusoutput", "run",
]


class SubprocessError(Exception):
    pass


class CalledProcessError(SubprocessError):
    def __init__(self, returncode, cmd, output=None, stderr=None):
        self.returncode, self.cmd, self.output, self.stderr = returncode, cmd, output, stderr

    def __str__(self):
        return f"Command '{self.cmd}' returned non-zero exit status {self.returncode}."


class TimeoutExpired(SubprocessError):
    def __init__(self, cmd, timeout, output=None, stderr=None):
        self.cmd, self.timeout, self.output, self.stderr = cmd, timeout, output, stderr


class CompletedProcess:
    def __init__(self, args, returncode, stdout=None, stderr=None):
        self.args, self.returncode, self.stdout, self.stderr = args, returncode, stdout, stderr


class Popen:
    def __init__(self, args, *rest, **named):
        raise OSError("a page cannot start programs: use multiprocessing for processes that run Python")


def run(args, *rest, **named):
    return Popen(args)


call = check_call = check_output = getoutput = getstatusoutput = run


def _args_from_interpreter_flags():
    return []
