"""Pipes between processes, and listeners that others of the run find by their address."""

import itertools

import _interleave_processes

from . import AuthenticationError, BufferTooShort
from .context import reduction

_ForkingPickler = reduction.ForkingPickler

__all__ = ["Client", "Listener", "Pipe", "wait"]


class Connection:
    """One end of a pipe."""

    def __init__(self, end):
        self._end = end

    def _readable(self):
        self._check_closed()
        if not self._end.is_readable():
            raise OSError("connection is write-only")
        return self._end

    def _writable(self):
        self._check_closed()
        if not self._end.is_writable():
            raise OSError("connection is read-only")
        return self._end

    def _check_closed(self):
        if not self._end.is_open():
            raise OSError("handle is closed")

    @property
    def closed(self):
        return not self._end.is_open()

    @property
    def readable(self):
        return self._end.is_readable()

    @property
    def writable(self):
        return self._end.is_writable()

    def fileno(self):
        self._check_closed()
        return self._end.number()

    def close(self):
        self._end.close()

    def send_bytes(self, buf, offset=0, size=None):
        end = self._writable()
        view = memoryview(buf).cast("B")
        if offset < 0:
            raise ValueError("offset is negative")
        if len(view) < offset:
            raise ValueError("buffer length < offset")
        if size is None:
            size = len(view) - offset
        elif size < 0:
            raise ValueError("size is negative")
        elif offset + size > len(view):
            raise ValueError("buffer length < offset + size")
        end.send(view[offset : offset + size])

    def send(self, obj):
        self._writable().send(_ForkingPickler.dumps(obj))

    def recv_bytes(self, maxlength=None):
        end = self._readable()
        if maxlength is not None and maxlength < 0:
            raise ValueError("negative maxlength")
        return end.receive(maxlength)

    def recv_bytes_into(self, buf, offset=0):
        end = self._readable()
        view = memoryview(buf).cast("B")
        if offset < 0:
            raise ValueError("negative offset")
        if offset > len(view):
            raise ValueError("offset too large")
        message = end.receive(None)
        if len(message) > len(view) - offset:
            raise BufferTooShort(message)
        view[offset : offset + len(message)] = message
        return len(message)

    def recv(self):
        return _ForkingPickler.loads(self._readable().receive(None))

    def poll(self, timeout=0.0):
        return self._readable().poll(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def _rebuild_connection(state):
    return Connection(_interleave_processes.End._of_state(state))


def _reduce_connection(connection):
    connection._check_closed()
    return _rebuild_connection, (connection._end._state(),)


reduction.register(Connection, _reduce_connection)


def Pipe(duplex=True):
    """Two connections, each the other's other end."""
    first, second = _interleave_processes.pipe(_interleave_processes.title("Pipe"), duplex)
    return Connection(first), Connection(second)


def wait(object_list, timeout=None):
    """The connections and sentinels of a list that are ready, once at least one is."""
    objects = list(object_list)
    if not objects:
        if timeout is None:
            raise ValueError("nothing to wait for")
        return []
    # A sentinel is a number that knows its process.
    ends = [one._readable() if isinstance(one, Connection) else getattr(one, "child", one) for one in objects]
    if timeout is not None:
        timeout = max(timeout, 0)
    return [objects[place] for place in _interleave_processes.wait(ends, timeout)]


# Whatever the family, a listener is found by its address alone.
families = ["AF_INET", "AF_UNIX"]
default_family = "AF_UNIX"


def _validate_family(family):
    if family not in families:
        raise ValueError(f"Family {family} is not recognized.")


def address_type(address):
    """The family that an address is of."""
    if isinstance(address, tuple):
        return "AF_INET"
    if isinstance(address, str):
        return "AF_PIPE" if address.startswith("\\\\") else "AF_UNIX"
    raise ValueError(f"address type of {address!r} unrecognized")


def arbitrary_address(family):
    """An address that nobody has yet."""
    import os

    _validate_family(family)
    if family == "AF_INET":
        # Of the ports that belong to nobody, others than other processes take.
        return ("localhost", 49152 + (256 * os.getpid() + next(_counter)) % 16384)
    return f"/tmp/listener-{os.getpid()}-{next(_counter)}"


# Who knows an address finds the listener's queue under it in the names of shared memory.
_PREFIX = "listener "
_STATE = 64
_counter = itertools.count()


def _name(address):
    return _PREFIX + repr(address)


class Listener:
    """Waits for clients that know its address."""

    def __init__(self, address=None, family=None, backlog=1, authkey=None):
        if authkey is not None and not isinstance(authkey, bytes):
            raise TypeError("authkey should be a byte string")
        family = family or (default_family if address is None else address_type(address))
        _validate_family(family)
        address = address or arbitrary_address(family)
        if family == "AF_INET" and address[1] == 0:
            # As with sockets: any port that is free.
            address = (address[0], arbitrary_address(family)[1])
        title = _interleave_processes.title("Listener")
        self._queue = _interleave_processes.Queue(title, 0)
        try:
            self._named = _interleave_processes.Named.create(_name(address), title, _STATE)
        except FileExistsError:
            import errno

            raise OSError(errno.EADDRINUSE, "Address already in use") from None
        state = self._queue._state()
        self._named.write(0, bytes([len(state)]) + state)
        self._address = address
        self._authkey = authkey

    @property
    def address(self):
        return self._address

    last_accepted = None

    def accept(self):
        if self._named is None:
            raise OSError("listener is closed")
        connection = _rebuild_connection(self._queue.get())
        if self._authkey is not None:
            deliver_challenge(connection, self._authkey)
            answer_challenge(connection, self._authkey)
        return connection

    def close(self):
        if self._named is not None:
            self._named.unlink()
            self._named.close()
            self._named = None

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def Client(address, family=None, authkey=None):
    """A connection to the listener with that address."""
    _validate_family(family or address_type(address))
    if authkey is not None and not isinstance(authkey, bytes):
        raise TypeError("authkey should be a byte string")
    try:
        named = _interleave_processes.Named.attach(_name(address))
    except FileNotFoundError:
        import errno

        if isinstance(address, tuple):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused") from None
        raise FileNotFoundError(errno.ENOENT, "No such file or directory") from None
    state = named.read(0, _STATE)
    named.close()
    queue = _interleave_processes.Queue._of_state(state[1 : 1 + state[0]])
    theirs, ours = Pipe()
    queue.put(theirs._end._state())
    theirs.close()
    if authkey is not None:
        answer_challenge(ours, authkey)
        deliver_challenge(ours, authkey)
    return ours


# Both ends belong to one run, so the key itself can be shown: it tells those apart who were given it.
WELCOME, FAILURE = b"#WELCOME#", b"#FAILURE#"


def deliver_challenge(connection, authkey):
    if connection.recv_bytes(256) != bytes(authkey):
        connection.send_bytes(FAILURE)
        raise AuthenticationError("digest received was wrong")
    connection.send_bytes(WELCOME)


def answer_challenge(connection, authkey):
    connection.send_bytes(bytes(authkey))
    if connection.recv_bytes(256) != WELCOME:
        raise AuthenticationError("digest sent was rejected")


class _XmlConnection:
    """A connection whose messages are written in XML-RPC."""

    def __init__(self, connection):
        self._connection = connection

    def send(self, obj):
        from xmlrpc import client

        self._connection.send_bytes(client.dumps((obj,), allow_none=True).encode())

    def recv(self):
        from xmlrpc import client

        ((obj,), _) = client.loads(self._connection.recv_bytes().decode())
        return obj

    def __getattr__(self, name):
        return getattr(self._connection, name)


class XmlListener(Listener):
    def accept(self):
        return _XmlConnection(super().accept())


def XmlClient(*args, **kwargs):
    return _XmlConnection(Client(*args, **kwargs))
