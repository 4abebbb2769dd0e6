"""Forms that pages send, and queries that fill them in beforehand."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_LARGEST = 65_536
_MOST_FIELDS = 200


async def read_form(
    request: Request, *, largest: int = _LARGEST, most_fields: int = _MOST_FIELDS
) -> Mapping[str, list[str]]:
    """Read a form sent as `application/x-www-form-urlencoded`; raises `HTTPException` for what is none.

    `largest` is in bytes as they are sent, where signs and quotes take three each.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise HTTPException(413)
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most_fields)
    except ValueError:
        raise HTTPException(400) from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def read_query(request: Request, *, without: str = "") -> dict[str, list[str]]:
    """Give the query of a request as `read_form` gives a form, but for a field that no address may fill in."""
    query = request.query_params
    return {name: query.getlist(name) for name in query if name != without}


def field_of(form: Mapping[str, list[str]], name: str) -> str:
    """Give what stands in a field as it was typed, empty where it was not sent."""
    return form.get(name, [""])[0]
