"""Values as XML-RPC writes them, for managers that are told to speak it. A call over the network is nothing that a page can
make, so there is no `ServerProxy`."""

import base64
import datetime
import re

__all__ = [
    "Binary", "DateTime", "Error", "Fault", "ProtocolError", "ResponseError", "ServerProxy", "MAXINT", "MININT",
    "dumps", "loads",
]

MAXINT, MININT = 2**31 - 1, -(2**31)


class Error(Exception):
    """Whatever goes wrong here."""


class ProtocolError(Error):
    """What a server answers that is no answer."""


class ResponseError(Error):
    """A text that is no XML-RPC."""


class Fault(Error):
    """That a call failed on the other side, and how."""

    def __init__(self, faultCode, faultString, **extra):
        super().__init__()
        self.faultCode, self.faultString = faultCode, faultString

    def __repr__(self):
        return f"<Fault {self.faultCode}: {self.faultString!r}>"


class _Wrapped:
    """A value that compares by what it holds."""

    def __eq__(self, other):
        held = self._held()
        return held == (other._held() if isinstance(other, type(self)) else other)

    def __hash__(self):
        return hash(self._held())


class Binary(_Wrapped):
    """Bytes, which are written in base64."""

    def __init__(self, data=None):
        self.data = bytes(data or b"")

    def _held(self):
        return self.data

    def __str__(self):
        return self.data.decode("latin-1")

    def __repr__(self):
        return f"Binary({self.data!r})"


class DateTime(_Wrapped):
    """A time by the clock of wherever it was written, as the text that stands for it."""

    def __init__(self, value=""):
        if not isinstance(value, str):
            value = value.strftime("%Y%m%dT%H:%M:%S")
        self.value = value

    def _held(self):
        return self.value

    def __str__(self):
        return self.value

    def __repr__(self):
        return f"<DateTime {self.value!r}>"


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Writer:
    def __init__(self, allow_none):
        self.allow_none = allow_none
        # The containers that are being written, to find one that is within itself.
        self.within = set()

    def text(self, value):
        return f"<value>{self.inner(value)}</value>"

    def inner(self, value):
        if value is None:
            if not self.allow_none:
                raise TypeError("cannot marshal None unless allow_none is enabled")
            return "<nil/>"
        if isinstance(value, bool):
            return f"<boolean>{int(value)}</boolean>"
        if isinstance(value, int):
            if not MININT <= value <= MAXINT:
                raise OverflowError("int exceeds XML-RPC limits")
            return f"<int>{int(value)}</int>"
        if isinstance(value, float):
            return f"<double>{float(value)!r}</double>"
        if isinstance(value, str):
            return f"<string>{_escaped(value)}</string>"
        if isinstance(value, (bytes, bytearray, Binary)):
            data = value.data if isinstance(value, Binary) else value
            return f"<base64>{base64.b64encode(data).decode()}</base64>"
        if isinstance(value, datetime.datetime):
            value = DateTime(value)
        if isinstance(value, DateTime):
            return f"<dateTime.iso8601>{value.value}</dateTime.iso8601>"
        return self.container(value)

    def container(self, value):
        if id(value) in self.within:
            raise TypeError("cannot marshal recursive data")
        self.within.add(id(value))
        try:
            if isinstance(value, (list, tuple)):
                return f"<array><data>{''.join(map(self.text, value))}</data></array>"
            if not isinstance(value, dict):
                # An instance is written as its attributes. What Python itself defines has none to write.
                if not hasattr(value, "__dict__") or callable(value):
                    raise TypeError(f"cannot marshal {type(value)} objects")
                value = value.__dict__
            return f"<struct>{''.join(map(self.member, value.items()))}</struct>"
        finally:
            self.within.discard(id(value))

    def member(self, item):
        name, value = item
        if not isinstance(name, str):
            raise TypeError("dictionary key must be string")
        return f"<member><name>{_escaped(name)}</name>{self.text(value)}</member>"


def dumps(params, methodname=None, methodresponse=None, encoding=None, allow_none=False):
    """The text of a call, a response, or of values alone."""
    assert isinstance(params, (tuple, Fault)), "argument must be tuple or Fault instance"
    writer = _Writer(allow_none)
    if isinstance(params, Fault):
        fault = {"faultCode": params.faultCode, "faultString": params.faultString}
        body = f"<fault>{writer.text(fault)}</fault>"
        methodresponse = True
    else:
        body = f"<params>{''.join(f'<param>{writer.text(value)}</param>' for value in params)}</params>"
    if methodname:
        body = f"<methodCall><methodName>{_escaped(methodname)}</methodName>{body}</methodCall>"
    elif methodresponse:
        body = f"<methodResponse>{body}</methodResponse>"
    return f"<?xml version='1.0'?>{body}" if methodname or methodresponse else body


_PIECE = re.compile(r"<\?.*?\?>|<!--.*?-->|<(?P<tag>[^<>]+)>|(?P<text>[^<]+)", re.DOTALL)
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(\d+)|#x([0-9a-fA-F]+));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


def _unescaped(text):
    def character(match):
        name, decimal, hexadecimal = match.groups()
        return _ENTITIES[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))

    return _ENTITY.sub(character, text)


class _Reader:
    """Reads what the writer wrote, and what others write of the same kind."""

    def __init__(self, text, use_builtin_types):
        self.builtin = use_builtin_types
        # Tags and the texts between them, each with whether it is a tag; a tag that ends itself is two.
        self.pieces = []
        for match in _PIECE.finditer(text):
            if match["tag"]:
                name = match["tag"].strip()
                bare = name.rstrip("/ ")
                names = [bare, "/" + bare] if name.endswith("/") else [name]
                self.pieces += [(True, name) for name in names]
            elif match["text"]:
                self.pieces.append((False, _unescaped(match["text"])))
        self.at = 0

    def text_before_tag(self):
        found = ""
        while True:
            if self.at == len(self.pieces):
                raise ResponseError("the text ends in the middle")
            is_tag, piece = self.pieces[self.at]
            if is_tag:
                return found
            found += piece
            self.at += 1

    def tag(self):
        """The next tag. A text before it says nothing."""
        self.text_before_tag()
        return self.pieces[self.at][1]

    def expect(self, name):
        if self.tag() != name:
            raise ResponseError(f"{name!r} was expected and not {self.tag()!r}")
        self.at += 1

    def until(self, end, read):
        """What `read` gives, one after the other, up to a tag."""
        found = []
        while self.tag() != end:
            found.append(read())
        self.at += 1
        return found

    def characters(self, end):
        text = self.text_before_tag()
        self.expect(end)
        return text

    def value(self):
        self.expect("value")
        text = self.text_before_tag()
        if self.tag() == "/value":
            # Without a type it is a text.
            self.at += 1
            return text
        kind = self.tag()
        self.at += 1
        read = self.kinds.get(kind)
        if read is None:
            raise ResponseError(f"unknown type {kind!r}")
        result = read(self, "/" + kind)
        self.expect("/value")
        return result

    def nil(self, end):
        self.expect(end)

    def boolean(self, end):
        text = self.characters(end)
        if text not in ("0", "1"):
            raise TypeError("bad boolean value")
        return text == "1"

    def integer(self, end):
        return int(self.characters(end))

    def double(self, end):
        return float(self.characters(end))

    def base64(self, end):
        data = base64.b64decode(self.characters(end))
        return data if self.builtin else Binary(data)

    def time(self, end):
        text = self.characters(end)
        return datetime.datetime.strptime(text, "%Y%m%dT%H:%M:%S") if self.builtin else DateTime(text)

    def array(self, end):
        self.expect("data")
        values = self.until("/data", self.value)
        self.expect(end)
        return values

    def struct(self, end):
        return dict(self.until(end, self.member))

    def member(self):
        self.expect("member")
        self.expect("name")
        name = self.characters("/name")
        value = self.value()
        self.expect("/member")
        return name, value

    def param(self):
        self.expect("param")
        value = self.value()
        self.expect("/param")
        return value

    kinds = {
        "nil": nil, "boolean": boolean, "int": integer, "i4": integer, "i8": integer, "double": double,
        "string": characters, "base64": base64, "dateTime.iso8601": time, "array": array, "struct": struct,
    }


def loads(data, use_datetime=False, use_builtin_types=False):
    """The values that a text holds, and the method that it calls."""
    if isinstance(data, (bytes, bytearray)):
        data = data.decode()
    reader = _Reader(data, use_builtin_types or use_datetime)
    method = None
    outer = reader.tag()
    if outer in ("methodCall", "methodResponse"):
        reader.expect(outer)
        if outer == "methodCall":
            reader.expect("methodName")
            method = reader.characters("/methodName")
    if reader.tag() == "fault":
        reader.expect("fault")
        raise Fault(**reader.value())
    reader.expect("params")
    return tuple(reader.until("/params", reader.param)), method


def ServerProxy(*args, **kwargs):
    raise OSError("a page calls no other site: dumps() and loads() write and read what XML-RPC sends")
