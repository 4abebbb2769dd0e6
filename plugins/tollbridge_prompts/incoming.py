"""What a request brings: values, by a body of JSON or by a query."""

import re
from typing import Any

from starlette.requests import Request

from tollbridge import BadRequest, Call
from tollbridge.administering import read_whole
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import BODY
from tollbridge_prompts.media import JSON
from tollbridge_prompts.refusals import WrongKind, refused

PATIENCE_S = 30.0
_KIND = re.compile(r"([\w.+-]+/[\w.+-]+)[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE | re.ASCII)


async def read_values(call: Call, request: Request) -> dict[str, Any]:
    """Read the body of a POST: an object of variables; none at all where the body is empty.

    Raises `WrongKind` (415), `BodyTooLarge` (413), `InputRefused` (422) for JSON that is no object, and `BadRequest`.
    """
    encoding = header(call, "content-encoding").lower()
    if encoding not in ("", "identity"):
        raise WrongKind("send the body without a Content-Encoding", headers={"accept-encoding": "identity"})
    body = await read_whole(request, most=BODY, patience_s=PATIENCE_S)
    if not body:
        return {}
    said = _KIND.fullmatch(header(call, "content-type"))
    if said is None or said[1].lower() != JSON:
        raise WrongKind(f"send the body as {JSON}", headers={"accept": JSON})
    try:
        values = jsontext.read(body)
    except ValueError as exc:
        raise BadRequest(f"the body cannot be read: {exc}", code="invalid_json") from None
    if not isinstance(values, dict):
        raise refused("", "the body must be an object with the variables as its members")
    return values


def header(call: Call, name: str) -> str:
    """Give a header, empty where it is not there; one that is sent several times is a list (RFC 9110, 5.3)."""
    wanted = name.encode("ascii")
    return ", ".join(value.decode("latin-1").strip() for key, value in call.headers if key == wanted)
