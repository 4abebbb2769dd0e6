"""The fourth link: who calls."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import ClassVar, Protocol, TypeVar

import msgspec
from starlette.types import ASGIApp

from tollbridge.call import CREDENTIAL_HEADERS, Call, Headers, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import AmbiguousCredential, GatewayError, Unauthenticated, Unavailable, without_words
from tollbridge.identity import Holder, IdentitySource
from tollbridge.jose.compact import claimed_issuer
from tollbridge.layers.kept import Kept
from tollbridge.layers.layer import Layer
from tollbridge.oauthsettings import RESOURCE, well_known_url
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.secret import PREFIX, looks_issued

T = TypeVar("T")

_PREFIX = PREFIX.encode("ascii")
_OFFER = b"sec-websocket-protocol"
_ID = re.compile(r"[\x21-\x7e]{1,255}")
_QUERY_NAMES = frozenset((b"key", b"api_key", b"apikey", b"api-key", b"access_token", b"token"))


class Identifies(Protocol):
    """Knows who shows a secret."""

    async def identify(self, secret: bytes) -> Principal | None:
        """Find the principal, or None: unknown, revoked and expired look the same."""
        ...


class Throttles(Protocol):
    """Counts bad credentials by the address they came from."""

    def check(self, source: str) -> None:
        """Refuse one that has to wait."""
        ...

    def failed(self, source: str) -> None:
        """Count one."""
        ...


class Authenticate(Layer):
    """Finds the principal behind `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`.

    For an operation that says so, a credential among the subprotocols of a WebSocket stands for an `Authorization`.
    Everything but the `public` paths needs a valid token. A public path ends with `*` to stand for all below it. An
    `anonymous` operation needs none, but takes none that is bad. The
    credential is taken out of the request: neither the wrapped app nor a provider sees it; what is like one and was for
    somebody else, such as the signature of a call that showed a token, crosses as it came. `tokens` may have a plain
    function `recall(secret)` too: the principal where that is certain without waiting, else None.

    A token is taken only where and when its conditions say. One that is a canary is refused like one that is unknown,
    and `alarm` is told, which must neither wait nor raise. From `warn_s` before the secret that was shown ends, answers
    say when (`Deprecation`, RFC 9745, and `Sunset`, RFC 8594), but where what was called says so of itself.

    A request without a token of ours is shown to the `sources` in order, pairs of name and object, each for `timeout_s`
    at most. They fail closed. None is asked about a secret that begins as our tokens do, known or not. One that names a
    token of ours (`Holder`) does not say what it may do: `holders` finds the live token of an id. Any other caller is
    bounded by their team, or refused, by `teams`.

    With an `issuer`, the authorization server of this gateway, refusals say where its documents are (RFC 9728 section
    5.1), and no source is asked about a token that claims to be from there.

    What was shown and opens nothing counts against the caller's address in the `throttle`, which then refuses it. It is
    asked last: a valid credential crosses wherever it comes from, and every bad one is refused alike.
    """

    name: ClassVar[str] = "authenticate"
    opens_early = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Identifies,
        public: Sequence[str] = (),
        sources: Sequence[tuple[str, IdentitySource]] = (),
        timeout_s: float = 5.0,
        warn_s: float = 0.0,
        alarm: "Callable[[Call, Principal], None] | None" = None,
        holders: "Callable[[str], Awaitable[Principal | None]] | None" = None,
        teams: "Callable[[Principal], Awaitable[Principal]] | None" = None,
        throttle: Throttles | None = None,
        issuer: str = "",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._tokens = tokens
        self._warn_s = warn_s
        self._alarm = alarm
        self._holders = holders
        self._teams = teams
        self._throttle = throttle
        self._issuer = issuer
        self._hint = f', resource_metadata="{well_known_url(issuer, RESOURCE)}"' if issuer else ""
        self._recall: Callable[[bytes], Principal | None] = getattr(tokens, "recall", _nobody)
        self._sources = tuple(sources)
        self._timeout_s = timeout_s
        self._read = CREDENTIAL_HEADERS.union(*(source.headers for _, source in sources))
        always = CREDENTIAL_HEADERS.union(*(one.headers for _, one in sources if not hasattr(one, "shows")))
        self._always = Kept(always.__contains__)
        self._every = Kept(self._read.__contains__)
        self._showing = tuple(
            (one.shows, Kept(always.union(one.headers).__contains__)) for _, one in sources if hasattr(one, "shows")
        )
        self._exact = frozenset(path for path in public if not path.endswith("*"))
        self._below = tuple(path[:-1] for path in public if path.endswith("*"))

    def head(self, call: Call) -> Awaitable[None] | None:
        if call.principal is not None:
            return None  # it comes from inside, for a call whose caller was found
        if call.operation is not None and call.operation.secret_subprotocol:
            take_offered(call, call.operation.secret_subprotocol)
        if call.public or call.path in self._exact or (self._below and call.path.startswith(self._below)):
            call.public = True
            if self._sources and call.operation is not None and call.operation.ai:
                call.headers = self._every.apart(call.headers)[1]
            return None
        shown, others = self._always.apart(call.headers)
        secret = credential(call, shown)
        taken = [kept for shows, kept in self._showing if shows(call)] if self._showing else ()
        if bool(secret) + len(taken) > 1:
            raise AmbiguousCredential("two different credentials are sent; send one")
        if call.operation is not None and call.operation.anonymous and not (shown or taken):
            call.public = True
            return None
        principal = self._recall(secret) if secret else None
        if principal is None or principal.canary:
            return self._find(call, secret, taken[0] if taken else self._always)
        if principal.conditions:
            self._look_closer(call, principal)
        call.principal = principal
        call.headers = others
        return None

    def response_head(self, call: Call, head: ResponseHead) -> None:
        principal = call.principal
        if principal is None or principal.secret_ends_s is None:
            return
        if head.get(b"deprecation") or head.get(b"sunset"):
            return  # of what is called: its successor stands beside them
        since_s = max(principal.secret_ends_s - self._warn_s, principal.secret_made_us // 1_000_000)
        if call.received.timestamp() >= since_s:
            head.set(b"deprecation", b"@%d" % since_s)
            head.set(b"sunset", format_datetime(_moment(principal.secret_ends_s), usegmt=True).encode("ascii"))

    def _look_closer(self, call: Call, principal: Principal, refusal: Unauthenticated | None = None) -> None:
        """Refuse a canary, and a token that is used elsewhere or at another time than its conditions say.

        `refusal` is what is raised for a token that is not live: a canary looks the same.
        """
        if principal.canary:
            if self._alarm is not None:
                self._alarm(call, principal)
            raise refusal or Unauthenticated()
        for conditions in principal.conditions:
            elsewhere = conditions.refusal(call.client, call.received)
            if elsewhere is not None:
                raise elsewhere

    async def _find(self, call: Call, secret: bytes, taken: Kept) -> None:
        """Find who calls; `taken` are the headers that say so, and go no further."""
        try:
            principal = await self._tokens.identify(secret) if secret else None
            if principal is None:
                principal = await self._ask_sources(call)
            if principal.canary or principal.conditions:
                self._look_closer(call, principal)
        except Unauthenticated as exc:
            if not self._has_issued(secret):  # one that ended is no guess, and a client gets another when it is told so
                self._count_bad(call, taken)
            exc.extra_headers["www-authenticate"] += self._hint
            raise
        call.principal = principal
        call.headers = taken.apart(call.headers)[1]

    def _has_issued(self, secret: bytes) -> bool:
        """Whether this says that it is an access token of ours: no other server need know it, or see it."""
        return bool(self._issuer) and looks_issued(secret) and claimed_issuer(secret) == self._issuer

    def _count_bad(self, call: Call, taken: Kept) -> None:
        """Count a bad credential, where there is one; raises `Throttled` where too many came before."""
        if self._throttle is None or not taken.apart(call.headers)[0]:
            return
        try:
            self._throttle.check(call.client)
        finally:
            self._throttle.failed(call.client)

    async def _ask_sources(self, call: Call) -> Principal:
        """Find the first source that knows the caller; raises `Unauthenticated` or what a source raises."""
        ours = any(name in self._read and self._is_ours(value) for name, value in call.headers)
        if self._sources and not ours:
            for name, source in self._sources:
                found = await self._ask(name, source, call)
                if isinstance(found, Holder):
                    return await self._held(name, call, found)
                if found is not None:
                    outside = msgspec.structs.replace(found, id=f"{name}:{found.id}", outside=True)
                    return outside if self._teams is None else await self._teams(outside)
        raise Unauthenticated()

    async def _held(self, name: str, call: Call, holder: Holder) -> Principal:
        """Find the live token that a source named, under its own id; raises `Unauthenticated` where there is none."""
        principal = None if self._holders is None else await self._holders(holder.id)
        if principal is None:
            raise holder.refusal or Unauthenticated()
        if principal.canary:
            self._look_closer(call, principal, holder.refusal)
        if holder.confirm is not None:
            await self._guarded(name, holder.confirm)
        shown = {"secret_ends_s": holder.ends_s, "secret_made_us": holder.secret_made_us, "key": holder.key}
        return msgspec.structs.replace(principal, **shown)

    def _is_ours(self, value: bytes) -> bool:
        """Whether a header shows a secret that is ours by how it begins, with a scheme before it or not."""
        words = value.split()
        return bool(words) and (words[-1].startswith(_PREFIX) or self._has_issued(words[-1]))

    async def _ask(self, name: str, source: IdentitySource, call: Call) -> Principal | Holder | None:
        found = await self._guarded(name, partial(source.identify, call))
        if found is not None and not isinstance(found, Holder) and not _fits(found):
            raise _failed(name, "it gave no Principal with an id of 1 to 255 visible ASCII characters and a ScopeSet")
        return found

    async def _guarded(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Have a source do something; raises `Unavailable` where it fails or takes too long."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work()
        except GatewayError:
            raise
        except Exception as exc:
            raise _failed(name, without_words(exc)) from None


def _moment(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(int(epoch_s), UTC)


def _nobody(secret: bytes) -> None:
    pass


def _failed(name: str, why: str) -> Unavailable:
    """Refuse without the source's own words: they may hold the credential it was shown."""
    return Unavailable(
        "who calls cannot be found out now, so the call is refused",
        code="identity_failed",
        detail=f"the identity source {name!r} failed: {why}",
    )


def _fits(found: object) -> bool:
    return (
        isinstance(found, Principal)
        and isinstance(found.id, str)
        and _ID.fullmatch(found.id) is not None
        and isinstance(found.scopes, ScopeSet)
    )


def take_offered(call: Call, beginning: str) -> None:
    """Move credentials from the subprotocols that a caller offers into headers: nobody else sees them there."""
    native = call.native or {}
    offered = native.get("subprotocols", ())
    secrets = [name[len(beginning) :] for name in offered if name.startswith(beginning)]
    if not secrets:
        return
    native["subprotocols"] = [name for name in offered if not name.startswith(beginning)]
    kept = [header for header in call.headers if header[0] != _OFFER]
    call.headers = [*kept, *((b"authorization", b"Bearer " + secret.encode("latin-1")) for secret in secrets)]


def credential(call: Call, headers: Headers) -> bytes:
    """Find the one secret a request shows in some of its headers, empty if none; raises `AmbiguousCredential`.

    Two credentials that differ are refused, and so is one in the query string, where every log would keep it.
    """
    found = b""
    for name, value in headers:
        if name not in CREDENTIAL_HEADERS:
            continue
        shown = value
        if name == b"authorization":
            scheme, _, shown = value.partition(b" ")
            if scheme.lower() != b"bearer":
                continue
        shown = shown.strip()
        if found and shown != found:
            raise AmbiguousCredential("two different credentials are sent; send one")
        found = shown
    if call.query:
        for part in call.query.split(b"&"):
            name, _, value = part.partition(b"=")
            if name.lower() in _QUERY_NAMES and (call.dialect is not None or value.startswith(b"tb_")):
                raise AmbiguousCredential("a credential is in the URL, where logs would keep it; send it in a header")
    return found
