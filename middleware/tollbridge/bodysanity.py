"""What no parser may have to guess about a body: how deep it is nested, and whether it is a form.  Pure."""

import re
from itertools import accumulate

from tollbridge.errors import BodyTooLarge, UnsafeRequest

_STRING = re.compile(rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)"?', re.DOTALL)
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[{]}")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level up, one down
_FORM = re.compile(
    rb"multipart/form-data"
    rb"(?:[ \t]*;[ \t]*(?!boundary=)[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*"
    rb"[ \t]*;[ \t]*boundary=(?:([A-Za-z0-9'+_.-]{1,70})|\"([A-Za-z0-9'()+_,./:=? -]{0,69}[A-Za-z0-9'()+_,./:=?-])\")"
    rb"(?:[ \t]*;[ \t]*(?!boundary=)[A-Za-z0-9_-]+=[A-Za-z0-9_.-]+)*[ \t]*",
    re.IGNORECASE,
)
"""A form's media type, with its boundary said once, as a token or quoted (RFC 2046 section 5.1.1)."""


def check_json_depth(body: bytes, depth: int) -> None:
    """Refuse JSON nested deeper than `depth`, before any parser meets it; raises `BodyTooLarge`.

    Linear in the body, all of it in C: one counting pass where there are too few brackets to reach the depth at all,
    else strings are taken out and the brackets summed up.
    """
    if body.count(b"[") + body.count(b"{") <= depth:
        return
    steps = _STRING.sub(b"", body).translate(_STEPS, _NO_BRACKETS)
    if any(map(depth.__lt__, accumulate(memoryview(steps).cast("b")))):
        raise BodyTooLarge(f"the body is nested deeper than {depth} levels", status=400)


def is_form(body: bytes, kind: bytes | None) -> bool:
    """Whether a body that may be either is a form (RFC 7578) and not JSON.  `kind` is its Content-Type.

    Raises `UnsafeRequest` for what says to be neither, and for a form that does not begin with the boundary its
    Content-Type says: with another boundary other fields would be found in it.
    """
    said = (kind or b"").strip()
    if not said.lower().startswith(b"multipart/"):
        if body.startswith(b"--") or said.partition(b";")[0].strip().lower() not in (b"", b"application/json"):
            raise UnsafeRequest("the Content-Type does not fit the body; send multipart/form-data or application/json")
        return False
    found = _FORM.fullmatch(said)
    if found is None:
        raise UnsafeRequest("the Content-Type must be multipart/form-data with one plain boundary (RFC 7578)")
    if not body.startswith(b"--%b\r\n" % (found[1] or found[2])):
        raise UnsafeRequest("the form does not begin with the boundary that its Content-Type says")
    return True
