"""Which headers cross the bridge, and which do not."""

from tollbridge.call import Headers
from tollbridge.layers.kept import Kept
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
        b"api-key",
        b"cookie",
        b"accept-encoding",
        b"expect",
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"openai-organization",
        b"openai-project",
        b"x-goog-user-project",
        b"origin",
        b"referer",
        b"x-amz-date",
        b"x-amz-security-token",
        b"x-amz-content-sha256",
        b"helicone-target-url",  # where a gateway behind us would send the call, our key along
        b"helicone-openai-api-base",
    )
)
_NOT_UPSTREAM_PREFIXES = (b"x-forwarded-", b"x-tollbridge-", b"x-portkey-", b"cf-", b"sec-")
_NOT_DOWN = _HOP_BY_HOP | frozenset(
    (
        b"content-length",
        b"set-cookie",
        b"server",
        b"date",
        b"alt-svc",
        b"strict-transport-security",
        b"clear-site-data",
        b"nel",
        b"report-to",
        b"reporting-endpoints",
        b"openai-organization",
        b"openai-project",
        b"anthropic-organization-id",
        b"www-authenticate",
    )
)
_REQUEST_IDS = frozenset((b"x-request-id", b"request-id"))
_UPSTREAM_ID = b"x-tollbridge-upstream-request-id"
_AS_IT_IS = (b"accept-encoding", b"identity")
_NOT_DOWN_PREFIXES = (
    b"x-ratelimit-",
    b"anthropic-ratelimit-",
    b"ratelimit",
    b"cf-",
    b"x-tollbridge-",
    b"access-control-",
)


def _goes_up(name: bytes) -> bool:
    return name not in _NOT_UPSTREAM and not name.startswith(_NOT_UPSTREAM_PREFIXES)


def _goes_down(name: bytes) -> bool:
    return name in _REQUEST_IDS or (name not in _NOT_DOWN and not name.startswith(_NOT_DOWN_PREFIXES))


_up = Kept(_goes_up)
_down = Kept(_goes_down)


def upstream_headers(headers: Headers, target: Target) -> Headers:
    """Give the headers for a provider: the caller's, unknown and beta ones unchanged, and our credential.

    Nothing of the caller's own credential, cookies, network or browser goes along.
    """
    kept = _up.of(headers)
    ours = target.headers
    given = dict(kept)
    if any([name in given for name, _ in ours]):
        names = {name for name, _ in ours}
        kept = [header for header in kept if header[0] not in names]
    kept.append(_AS_IT_IS)
    kept += ours
    return kept


def answer_headers(headers: Headers) -> Headers:
    """Give the headers for the caller: the provider's, without what speaks of our account, of this hop or to a browser.

    The provider's request id becomes `x-tollbridge-upstream-request-id`.
    """
    kept = _down.of(headers)
    if not _REQUEST_IDS.isdisjoint(dict(kept)):
        kept = [(_UPSTREAM_ID, value) if name in _REQUEST_IDS else (name, value) for name, value in kept]
    return kept
