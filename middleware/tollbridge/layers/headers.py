"""Which headers cross the bridge, and which do not."""

from tollbridge.call import Headers
from tollbridge.providers import Target

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_NOT_UPSTREAM = _HOP_BY_HOP | frozenset(
    (
        b"host",
        b"content-length",
        b"authorization",
        b"x-api-key",
        b"x-goog-api-key",
        b"cookie",
        b"accept-encoding",
        b"expect",
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"openai-organization",
        b"openai-project",
        b"origin",
        b"referer",
    )
)
_NOT_UPSTREAM_PREFIXES = (b"x-forwarded-", b"x-tollbridge-", b"cf-", b"sec-")
_NOT_DOWN = _HOP_BY_HOP | frozenset(
    (
        b"content-length",
        b"set-cookie",
        b"server",
        b"date",
        b"alt-svc",
        b"strict-transport-security",
        b"openai-organization",
        b"openai-project",
        b"anthropic-organization-id",
        b"www-authenticate",
        b"access-control-allow-origin",
    )
)
_NOT_DOWN_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-", b"ratelimit", b"cf-", b"x-tollbridge-")


def upstream_headers(headers: Headers, target: Target) -> Headers:
    """Give the headers for a provider: the caller's, unknown and beta ones unchanged, and our credential.

    Nothing of the caller's own credential, cookies, network or browser goes along.
    """
    ours = {name for name, _ in target.headers}
    kept = [
        (name, value)
        for name, value in headers
        if name not in _NOT_UPSTREAM and name not in ours and not name.startswith(_NOT_UPSTREAM_PREFIXES)
    ]
    kept.append((b"accept-encoding", b"identity"))
    kept += target.headers
    return kept


def answer_headers(headers: Headers) -> Headers:
    """Give the headers for the caller: the provider's, without what speaks of our account or of this hop.

    The provider's request id becomes `x-tollbridge-upstream-request-id`.
    """
    kept = []
    for name, value in headers:
        if name in (b"x-request-id", b"request-id"):
            kept.append((b"x-tollbridge-upstream-request-id", value))
        elif name not in _NOT_DOWN and not name.startswith(_NOT_DOWN_PREFIXES):
            kept.append((name, value))
    return kept
