"""What a request brought: its bytes, which are there as a whole, and what came with them."""

import io


class Headers:
    """The headers of a response, whose names are the same in capitals and in small letters."""

    def __init__(self, text=""):
        """From lines as HTTP has them: `name: value`."""
        pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
        self._pairs = [(name.strip(), value.strip()) for name, _, value in pairs]

    def get_all(self, name, failobj=None):
        return [value for known, value in self._pairs if known.lower() == name.lower()] or failobj

    def get(self, name, failobj=None):
        return self.get_all(name, [failobj])[0]

    __getitem__ = get

    def __contains__(self, name):
        return self.get_all(name) is not None

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self._pairs)

    def items(self):
        return list(self._pairs)

    def keys(self):
        return [name for name, _ in self._pairs]

    def values(self):
        return [value for _, value in self._pairs]

    def get_content_type(self):
        return self.get("Content-Type", "text/plain").partition(";")[0].strip().lower()

    def get_content_charset(self, failobj=None):
        for parameter in self.get("Content-Type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower()
        return failobj

    def __str__(self):
        return "".join(f"{name}: {value}\n" for name, value in self._pairs) + "\n"


class addinfourl(io.BytesIO):
    """What `urlopen` gives: to be read like a file."""

    def __init__(self, body, headers, url, status, reason):
        super().__init__(body)
        self.headers = headers
        self.url = url
        self.status = self.code = status
        self.reason = self.msg = reason

    def geturl(self):
        return self.url

    def getcode(self):
        return self.status

    def info(self):
        return self.headers

    def getheader(self, name, default=None):
        values = self.headers.get_all(name)
        return default if values is None else ", ".join(values)

    def getheaders(self):
        return self.headers.items()
