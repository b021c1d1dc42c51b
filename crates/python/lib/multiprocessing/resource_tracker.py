"""What outlives a program that ends badly, and who clears it away: here nothing does, since the segment goes with its run."""


def ensure_running():
    pass


def register(name, rtype):
    pass


unregister = register
