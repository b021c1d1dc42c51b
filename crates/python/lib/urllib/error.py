"""Why a request brought nothing, or not what was asked for."""

__all__ = ["URLError", "HTTPError", "ContentTooShortError"]


class URLError(OSError):
    """There was no answer, or nobody was asked."""

    def __init__(self, reason, filename=None):
        super().__init__(reason)
        self.reason = reason
        if filename is not None:
            self.filename = filename

    def __str__(self):
        return f"<urlopen error {self.reason}>"


class HTTPError(URLError):
    """There was an answer, with a status that is none of success. It can be read as other answers can."""

    def __init__(self, url, code, msg, hdrs, fp):
        super().__init__(msg, url)
        self.url = url
        self.code = self.status = code
        self.msg = msg
        self.headers = self.hdrs = hdrs
        self.fp = fp

    def __str__(self):
        return f"HTTP Error {self.code}: {self.msg}"

    def read(self, size=-1):
        return self.fp.read(size)

    def close(self):
        self.fp.close()

    def geturl(self):
        return self.url

    def getcode(self):
        return self.code

    def info(self):
        return self.headers


class ContentTooShortError(URLError):
    def __init__(self, message, content):
        super().__init__(message)
        self.content = content
