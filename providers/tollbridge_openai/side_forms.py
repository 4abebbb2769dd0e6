"""Forms (RFC 7578): which fields a body has, and one of them changed in place.

Strict, because whoever reads the form after us must find the same fields: what two readers could take differently is
refused. The boundary is that of the body's first line, which the core has compared with the Content-Type.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tollbridge import BadRequest

MOST_PARTS = 128
"""An edit of 16 pictures has some 30."""
_LONGEST_HEAD = 8_192
_BOUNDARY = re.compile(rb"--([A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-])\r\n")
_HEADER = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_PARAMETER = re.compile(rb"[ \t]*;[ \t]*([A-Za-z]+\*?)=(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)|\"([^\"\\]*)\")")
_PLAIN = frozenset((b"", b"7bit", b"8bit", b"binary"))
_TEXT = re.compile(rb"text/plain(?:[ \t]*;[ \t]*charset=\"?(?:utf-?8|us-ascii)\"?)?", re.IGNORECASE)


class Part(NamedTuple):
    """One field of a form; its content is `start` to `end` of the body.  `kind` is its Content-Type, empty for none."""

    name: str
    start: int
    end: int
    is_file: bool
    kind: bytes


def parts_of(body: bytes) -> list[Part]:
    """Find the fields of a form, in order; raises `BadRequest` for what is none, or could be read in two ways."""
    first = _BOUNDARY.match(body)
    if first is None:
        raise BadRequest("the body is no form: it does not begin with a boundary")
    mark = b"--" + first[1]
    return [_part(body, start, end) for start, end in _pieces(body, mark, first.end())]


def _pieces(body: bytes, mark: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Give where each part begins and ends.  The boundary stands between parts and nowhere else."""
    for _ in range(MOST_PARTS):
        at = body.find(mark, start)
        if at < 0:
            raise BadRequest("the form has no end: its last boundary is missing")
        behind = at + len(mark)
        if body[at - 2 : at] != b"\r\n":
            raise BadRequest("the form's boundary stands within a field; choose a longer one")
        yield start, at - 2
        if body[behind : behind + 2] == b"--":
            if body[behind + 2 :] not in (b"", b"\r\n"):
                raise BadRequest("something stands behind the form's last boundary")
            return
        if body[behind : behind + 2] != b"\r\n":
            raise BadRequest("a boundary of the form does not end its line")
        start = behind + 2
    raise BadRequest(f"the form has more than {MOST_PARTS} fields")


def _part(body: bytes, start: int, end: int) -> Part:
    stop = body.find(b"\r\n\r\n", start, min(end, start + _LONGEST_HEAD))
    if stop < 0:
        raise BadRequest("a field of the form has no head, or one that is too long")
    headers = _headers(body[start:stop])
    if headers.get(b"content-transfer-encoding", b"").lower() not in _PLAIN:
        raise BadRequest("a field of the form is encoded; send it as it is (RFC 7578 section 4.7)")
    said = _disposition(headers.get(b"content-disposition", b""))
    try:
        name = said[b"name"].decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        raise BadRequest("a field of the form has no name that can be read") from None
    is_file = b"filename" in said or b"filename*" in said
    return Part(name, stop + 4, end, is_file, headers.get(b"content-type", b""))


def _headers(head: bytes) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n"):
        header = _HEADER.fullmatch(line)
        name = b"" if header is None else header[1].lower()
        if header is None or name in found:
            raise BadRequest("the head of a field of the form cannot be read, or says something twice")
        found[name] = header[2].rstrip(b" \t")
    return found


def _disposition(value: bytes) -> Mapping[bytes, bytes]:
    """Read the parameters of `form-data; name="..."` (RFC 7578 section 4.2)."""
    kind, _, _ = value.partition(b";")
    at, found = len(kind), dict[bytes, bytes]()
    while at < len(value):
        parameter = _PARAMETER.match(value, at)
        name = b"" if parameter is None else parameter[1].lower()
        if parameter is None or name in found or name == b"name*":
            raise BadRequest("the name of a field of the form could be read in two ways")
        found[name] = parameter[3] if parameter[3] is not None else parameter[2]
        at = parameter.end()
    if kind.strip(b" \t").lower() != b"form-data":
        raise BadRequest("a field of the form does not say that it is one")
    return found


def text_of(body: bytes, part: Part) -> str:
    """Read a field that is text; raises `BadRequest` naming it."""
    if part.is_file or (part.kind and not _TEXT.fullmatch(part.kind)):
        raise BadRequest(f"the field {part.name!r} must be text", param=part.name)
    try:
        return body[part.start : part.end].decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"the field {part.name!r} is no UTF-8", param=part.name) from None


def only_part(parts: list[Part], name: str) -> Part | None:
    """Find the one field of a name, None if there is none.

    Raises `BadRequest` where there are two, or one that some servers take for it: `model[]`, `Model`.
    """
    found = [part for part in parts if _bare(part.name) == name]
    for part in found:
        if part.name != name or len(found) > 1:
            raise BadRequest(f"the field {name!r} must be in the form once, by this name", param=name)
    return found[0] if found else None


def _bare(name: str) -> str:
    return name.partition("[")[0].strip().casefold()


def with_field(body: bytes, name: str, value: bytes) -> bytes:
    """Change one field, which must be there; every other byte stays."""
    part = only_part(parts_of(body), name)
    return body if part is None else body[: part.start] + value + body[part.end :]
