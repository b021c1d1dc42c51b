"""Sockets, which no page has: programs may import them, and are told when they use one."""

error = OSError
timeout = TimeoutError
has_ipv6 = False
AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 0, 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
SOL_SOCKET, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_KEEPALIVE, SO_BROADCAST, SO_REUSEPORT = 1, 2, 3, 4, 9, 6, 15
SOMAXCONN = 128
IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6 = 6, 17, 41
IPV6_V6ONLY = 26
TCP_NODELAY = 1
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_ADDRCONFIG = 1, 2, 4, 32
NI_NUMERICHOST, NI_NUMERICSERV = 1, 2
EAI_NONAME, EAI_FAMILY = -2, -6
SHUT_RD, SHUT_WR, SHUT_RDWR = 0, 1, 2
MSG_PEEK, MSG_OOB = 2, 1


class herror(OSError):
    pass


class gaierror(OSError):
    pass


def _refuse(*args, **kwargs):
    raise OSError("a page has no sockets: use urllib.request for files of this site, or a queue between threads")


class socket:
    """Cannot be made."""

    __slots__ = ()

    def __init__(self, *args, **kwargs):
        _refuse()


SocketType = socket
socketpair = getaddrinfo = getnameinfo = gethostbyname = gethostbyaddr = dup = close = _refuse
_default_timeout = None


def gethostname():
    return "page"


def getdefaulttimeout():
    return _default_timeout


def setdefaulttimeout(timeout):
    global _default_timeout
    _default_timeout = timeout


def htons(number):
    return int.from_bytes(number.to_bytes(2, "little"), "big")


ntohs = htons


def htonl(number):
    return int.from_bytes(number.to_bytes(4, "little"), "big")


ntohl = htonl


def inet_aton(address):
    return bytes(int(part) for part in address.split("."))


def inet_ntoa(packed):
    return ".".join(str(byte) for byte in packed)
