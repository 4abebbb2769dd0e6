"""What a request brings: parameters, bounded, each once.

Parsed by the standard library. A parameter that stands there twice is refused (RFC 6749 section 3.2): which of both
counts would be anybody's guess.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from tollbridge_oauth.refusals import InvalidRequestError, TooLarge

LARGEST = 32 * 1024
"""Bytes of a form: an assertion and a token to be exchanged fit together."""
PATIENCE_S = 15.0
_MCP = "/v1/mcp"
_MOST = 40
_KIND = "application/x-www-form-urlencoded"

Form = Mapping[str, str]


async def read_form(request: Request) -> Form:
    """Read a form from a body; raises `InvalidRequestError` or `TooLarge`."""
    kind, _, options = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != _KIND or options.strip().lower() not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise InvalidRequestError(f"send the parameters as {_KIND}")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    raise TooLarge()
    except (TimeoutError, ClientDisconnect):
        raise InvalidRequestError("the request broke off") from None
    if request.scope.get("query_string"):
        raise InvalidRequestError("parameters belong into the body, not into the URL, which is logged")
    return parameters(bytes(body))


def names_another(form: Form, issuer: str) -> bool:
    """Whether a request says that its token is to be for somebody else than this gateway (RFC 8707 section 2).

    A client of one of its MCP servers names that (MCP, authorization, 2025-06-18); it is this gateway all the same.
    """
    return any(_is_another(form.get(name, issuer), issuer) for name in ("resource", "audience"))


def _is_another(named: str, issuer: str) -> bool:
    servers = f"{issuer}{_MCP}"
    return named not in (issuer, f"{issuer}/", servers) and not named.startswith(f"{servers}/")


def parameters(text: bytes) -> Form:
    """Read parameters of a body or query; one without a value is as if it were not there (RFC 6749 section 3.1)."""
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise InvalidRequestError("the parameters cannot be read: name=value with '&' between, in UTF-8") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequestError("a parameter stands there twice")
    return {name: value for name, value in found.items() if value}
