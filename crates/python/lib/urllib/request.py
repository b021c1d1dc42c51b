"""Files of the page's own site. The browser itself minds cookies, proxies, redirections and authentication, so there are no
openers and handlers for them; other sites are out of reach."""

import _interleave_site
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.response import Headers, addinfourl

__all__ = ["Request", "urlopen", "urlretrieve"]


class Request:
    def __init__(self, url, data=None, headers={}, origin_req_host=None, unverifiable=False, method=None):
        self.full_url = url
        self.data = data
        self.headers = {}
        self.method = method
        for name, value in headers.items():
            self.add_header(name, value)

    def get_method(self):
        return self.method or ("GET" if self.data is None else "POST")

    def get_full_url(self):
        return self.full_url

    def add_header(self, name, value):
        self.headers[name.capitalize()] = value

    def has_header(self, name):
        return name in self.headers

    def get_header(self, name, default=None):
        return self.headers.get(name, default)

    def remove_header(self, name):
        self.headers.pop(name, None)

    def header_items(self):
        return list(self.headers.items())


def urlopen(url, data=None, timeout=None, *, context=None):
    """Waits until the file is there. An address without a site is one beside the page."""
    request = url if isinstance(url, Request) else Request(url)
    if data is not None:
        request.data = data
    if isinstance(request.data, str):
        raise TypeError("the data of a request are bytes, not str: encode them")
    site = _interleave_site.base()
    address = urljoin(site, request.full_url)
    if urlsplit(address)[:2] != urlsplit(site)[:2]:
        raise URLError(f"a page reaches only its own site, and {address} is of another: put the file beside the page")
    headers = dict(request.headers)
    if request.data is not None:
        headers.setdefault("Content-type", "application/x-www-form-urlencoded")
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    try:
        status, reason, address, told, body = _interleave_site.request(
            request.get_method(), address, lines, request.data, timeout
        )
    except OSError as error:
        raise URLError(error) from None
    response = addinfourl(body, Headers(told), address, status, reason)
    if 200 <= status < 300:
        return response
    raise HTTPError(address, status, reason, response.headers, response)


def urlretrieve(url, filename, reporthook=None, data=None):
    """Keeps the file among those of the program."""
    with urlopen(url, data) as response, open(filename, "wb") as file:
        file.write(response.read())
    return filename, response.headers
