"""What a caller shows, and what it is told when that will not do."""

from hashlib import sha256
from re import compile as pattern

from tollbridge import Call, Unauthenticated

HEADERS = (b"authorization", b"x-api-key", b"x-goog-api-key")
"""Where the SDKs of models put a key; where several are sent, they are known to hold the same."""

_PLAIN = pattern(r"[\x21\x22\x24-\x7e][\x21-\x7e]{0,127}")
_MCP = "/v1/mcp"
_CHALLENGE = 'Bearer realm="tollbridge", error="invalid_token"'


def shown(call: Call) -> bytes:
    """Give the bearer token of a call, empty if there is none."""
    for name in HEADERS:
        value = call.header(name) or b""
        if name == b"authorization":
            scheme, _, value = value.partition(b" ")
            value = value if scheme.lower() == b"bearer" else b""
        if value := value.strip():
            return value
    return b""


def server_of(call: Call, gateway_url: str) -> str:
    """Give the URL of the MCP server that is called, empty for any other call.

    Its clients ask for a token for that URL alone (MCP, authorization, resource parameter; RFC 8707).
    """
    path = call.path.rstrip("/")
    return f"{gateway_url}{path}" if path == _MCP or path.startswith(f"{_MCP}/") else ""


def refused(who: str, reason: str) -> Unauthenticated:
    """Refuse a token in the same words whatever is wrong with it (RFC 6750 section 3.1); only the log learns more."""
    error = Unauthenticated("this token is not valid here; get a new one from its issuer")
    error.extra_headers["www-authenticate"] = _CHALLENGE
    error.detail = f"a token of {who} was refused: {reason}"
    return error


def caller_id(realm: str, subject: str) -> str:
    """Name a caller so that no two realms and no two subjects share a name; `realm` holds no colon.

    A subject that is long, or not plain ASCII, is told by its SHA-256 behind a `#`, with which no plain one begins.
    """
    plain = _PLAIN.fullmatch(subject)
    return f"{realm}:{subject if plain else '#' + sha256(subject.encode()).hexdigest()}"
