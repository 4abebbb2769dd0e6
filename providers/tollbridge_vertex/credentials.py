"""Access tokens of Google Cloud, as an auth scheme.

google-auth makes them, of the extra `vertex`: of a service account's key, of a user's or a workload's credentials, or
of what the machine has (https://docs.cloud.google.com/docs/authentication/application-default-credentials, read
2026-11). It is loaded with the first call, and works in a thread of its own, for it blocks.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from tollbridge import AccessToken, Auth, Clock, ConfigError, KeptToken, UpstreamError, UpstreamRequest
from tollbridge.formats import JSON, decode_json

if TYPE_CHECKING:
    import httpx2

log = structlog.get_logger("tollbridge")

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
_EARLY_S = 225.0
"""Seconds before its end at which a token is renewed, as Google's own library does (google-auth 2.63)."""
_PATIENCE_S = 4.0
"""Seconds for each request for a token: less than `[plugins] timeout_s`, so that an older token can still be shown."""
_KEEPABLE = ("service_account", "authorized_user")
_TOKEN_URIS = ("https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token")
_UNIVERSE = "googleapis.com"
_EXTRA = "google-auth is missing; install tollbridge[vertex]"


@dataclass(frozen=True, slots=True)
class GoogleToken:
    """An OAuth 2 access token.

    The key is a JSON key of Google's, or the path of a file that holds one; without a key, what the machine has is
    taken. `scope` is what the token is for, `quota_project` the project that the calls count for, the credential's own
    by default.
    """

    needs_key: ClassVar[bool] = False

    env: tuple[str, ...] = (CREDENTIALS,)
    scope: str = SCOPE
    quota_project: str = ""
    _kept: dict[str, KeptToken] = field(default_factory=dict, init=False, repr=False, compare=False)

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        if not self.quota_project:
            return []
        return [(b"x-goog-user-project", self.quota_project.encode("latin-1"))]

    def check_kept(self, key: str) -> None:
        """Refuse a key of the database that names a file, or has anybody but Google asked; raises `ConfigError`."""
        try:
            info = decode_json(key, wrong=UpstreamError, what="the credential") if key.startswith("{") else None
        except UpstreamError:
            info = None
        if not isinstance(info, dict) or info.get("type") not in _KEEPABLE:
            raise ConfigError(
                "a key for Google in the database is the JSON of a service account or of a user; put another kind into "
                "a file, which api_key or GOOGLE_APPLICATION_CREDENTIALS names"
            )
        asked = (info.get("token_uri", _TOKEN_URIS[0]), info.get("universe_domain", _UNIVERSE))
        if asked[0] not in _TOKEN_URIS or asked[1] != _UNIVERSE or "trust_boundary" in info:
            raise ConfigError("the key has somebody else than Google asked for tokens; put such a one into a file")

    async def sign(self, key: str, request: UpstreamRequest) -> list[tuple[bytes, bytes]]:
        """Give the token; raises `UpstreamError` where there is none, and writes to the log why."""

        kept = self._kept.setdefault(key, KeptToken(early_s=_EARLY_S))

        async def fetch() -> AccessToken:
            return await asyncio.to_thread(fetched, key, self.scope, kept.clock)

        return [(b"authorization", f"Bearer {await kept.get(fetch)}".encode("latin-1"))]


def fetched(key: str, scope: str, clock: Clock) -> AccessToken:
    """Fetch a token.  Blocks, so call it in a thread; raises `UpstreamError` whose detail does not hold the key."""
    import httpx2

    try:
        from google.auth.exceptions import GoogleAuthError
    except ImportError:
        raise _refused(_EXTRA) from None
    try:
        with httpx2.Client(trust_env=False, follow_redirects=False, timeout=_PATIENCE_S) as client:
            credentials = load_credentials(key, scope, Transport(client))
            credentials.refresh(Transport(client))
    except GoogleAuthError as exc:
        raise _refused(f"Google gave no token: {type(exc).__name__}") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise _refused(f"the credential cannot be used: {type(exc).__name__}") from None
    if not isinstance(credentials.token, str) or not credentials.token:
        raise _refused("Google gave no token")
    return AccessToken(credentials.token, _left(credentials.expiry, clock))


def load_credentials(key: str, scope: str, transport: "Transport") -> Any:
    """Load the credentials behind a key, or those of the machine.

    Each kind by its own loader, as Google asks: a kind that is not expected here could ask anybody for a token.
    """
    import google.auth
    from google.auth import identity_pool
    from google.oauth2 import credentials, service_account

    if not key:
        return google.auth.default(scopes=[scope], request=transport)[0]  # type: ignore[arg-type]  # it is only called
    info = _read(key)
    loaders: Mapping[JSON, Callable[..., Any]] = {
        "service_account": service_account.Credentials.from_service_account_info,
        "authorized_user": credentials.Credentials.from_authorized_user_info,
        "external_account": identity_pool.Credentials.from_info,
    }
    loader = loaders.get(info.get("type"))
    if loader is None:
        raise ValueError("a credential of an unknown kind")
    return loader(info, scopes=[scope])


def _read(key: str) -> dict[str, JSON]:
    """Read a key of Google's; raises `ValueError` or `OSError` for what is none."""
    if not key.startswith("{"):
        with open(key, encoding="utf-8") as file:
            key = file.read()
    info = decode_json(key, wrong=UpstreamError, what="the credential")
    if not isinstance(info, dict):
        raise ValueError("no object")
    return info


def _left(expiry: datetime | None, clock: Clock) -> float:
    """Say how long a token is valid, in seconds; google-auth tells its end in UTC, without a zone."""
    return (expiry.replace(tzinfo=UTC) - clock.now()).total_seconds() if expiry is not None else 0.0


def _refused(why: str) -> UpstreamError:
    """Make the error, and write it to the log: what `sign` raises is logged by its class alone."""
    log.warning("credential_refused", reason=why)
    return UpstreamError("no token was given", code="upstream_credential", detail=why)


class Answer:
    """What google-auth wants to know of a response."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status = status
        self.headers = headers
        self.data = data


class Transport:
    """How google-auth reaches Google: by the client that is there anyway."""

    def __init__(self, client: "httpx2.Client") -> None:
        self._client = client

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Answer:
        import httpx2
        from google.auth.exceptions import TransportError

        try:
            response = self._client.request(method, url, content=body, headers=dict(headers or {}))
        except httpx2.HTTPError as exc:
            raise TransportError(type(exc).__name__) from None  # type: ignore[no-untyped-call]
        return Answer(response.status_code, response.headers, response.content)


_: type[Auth] = GoogleToken
