"""Tokens that somebody found where everybody can read them, and what is done about those that open the bridge.

Whoever shows a secret may report it: that it is lost is true from then on. Nobody learns from a report which of the
secrets were ours. Where a token is disabled, which is the default, nothing is lost by a report that was made in spite:
it gets another secret (`rotate`, with no overlap) and is enabled again; revoking it would end all it minted for good.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.credentials.service import CredentialService
from tollbridge.errors import BadRequest
from tollbridge.grants.service import GrantService
from tollbridge.limits.limiter import Demand, Limiter, Rate
from tollbridge.limits.neighbours import neighbourhood
from tollbridge.logs import clean
from tollbridge.stores.audits import AuditStore
from tollbridge.tokens.model import Principal
from tollbridge.tokens.secret import looks_issued
from tollbridge.tokens.service import TokenService

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

NAMELESS = "anybody"
"""Who reports without saying who."""
MOST_REPORTED = 1000
"""Secrets in one report."""
LONGEST_SECRET = 8192
"""Characters of one; a longer one is none of ours."""
_LONGEST_PLACE = 500
_RATE = Rate("requests", 30)
_AGAIN_S = 86_400.0
_MOST_TOLD = 10_000
log = structlog.get_logger("tollbridge")


class Found(msgspec.Struct, frozen=True):
    """A secret that was found, and where: in words of the finder, which nobody has checked."""

    secret: str
    place: str = ""

    def __repr__(self) -> str:
        return "Found()"


class _Lost(NamedTuple):
    """Whose a secret is; `key` is the id of the key that it is, where requests are signed with it."""

    principal: Principal
    key: str = ""


class Leaks:
    """Acts on what is reported.

    `action` is `disable`, `revoke` or `tell`; `counted` is told which was done. Of a token that goes on opening the
    bridge, after `tell` or because it is a canary, each process tells once a day. Secrets are looked up one at a time,
    of several reports in turns: anybody may report, and must not keep the database from those who call or sign in.
    """

    def __init__(
        self,
        tokens: TokenService,
        grants: GrantService,
        audit: AuditStore,
        limiter: Limiter,
        clock: Clock,
        *,
        credentials: CredentialService,
        action: str,
        counted: Callable[[str], None],
    ) -> None:
        self._tokens = tokens
        self._grants = grants
        self._credentials = credentials
        self._audit = audit
        self._limiter = limiter
        self._clock = clock
        self._action = action
        self._ways: dict[str, Callable[..., Awaitable[object]]] = {"disable": tokens.disable, "revoke": tokens.revoke}
        self._counted = counted
        self._told: dict[str, float] = {}
        self._turn = asyncio.Lock()

    @classmethod
    def of(cls, gateway: "Gateway") -> "Leaks":
        """Make them for a gateway that has started."""
        return cls(
            gateway.tokens,
            gateway.grants,
            gateway.store,
            gateway.limiter,
            gateway.clock,
            credentials=gateway.credentials,
            action=gateway.config.leaked.action,
            counted=gateway.metrics.token_leaked,
        )

    async def admit(self, source: str, call_id: str) -> None:
        """Let an address report, thirty times a minute; raises `RateLimited`."""
        demand = Demand(f"leaked:{neighbourhood(source)}", _RATE, 1)
        await self._limiter.take([demand], None, call_id)

    async def report(self, found: Iterable[Found], by: Actor, *, aloud: bool = True) -> None:
        """Find those of the secrets that open the bridge, tell of each, and do what is to be done.

        It holds on every worker when this returns. `aloud`: the log has it too, not the audit log alone. Raises
        `Unavailable` where the store does not answer: what is not done then is done when it is reported again.
        """
        places: dict[str, str] = {}
        for one in found:
            if 0 < len(one.secret) <= LONGEST_SECRET:
                places.setdefault(one.secret, one.place)
        secrets = [secret.encode("utf-8") for secret in places]
        found_of = [await self._whose(secret) for secret in secrets]
        for secret, place, lost in zip(secrets, places.values(), found_of, strict=True):
            if lost is not None:
                await self._act(lost, secret, clean(place)[:_LONGEST_PLACE], by, aloud)

    async def _whose(self, secret: bytes) -> _Lost | None:
        """Find whose token, client secret, refresh token or shared key this is, if it is live."""
        async with self._turn:
            principal = await self._tokens.whose(secret) or await self._grants.whose(secret)
            if principal is not None:
                return _Lost(principal)
            signs = await self._credentials.whose(secret)
            return None if signs is None else _Lost(*signs)

    async def _act(self, lost: _Lost, secret: bytes, place: str, by: Actor, aloud: bool) -> None:
        """Tell, then end: should the latter fail, the secret is still there to be reported again."""
        principal = lost.principal
        key = {"credential": lost.key} if lost.key else {}
        action = self._action_for(principal, secret)
        if action == "tell" and not self._is_due(principal.id):
            return
        act = await self._tokens.act(by)
        await self._audit.note(act, "token.leaked", principal.id, None, {"place": place, "action": action} | key)
        if aloud:
            said = {"token_id": principal.id, "token": principal.name, "place": place, "action": action} | key
            log.error("token_leaked", **said, client=by.client, call_id=by.call_id)
        self._counted(action)
        if action != "tell":
            await self._end(principal.id, secret, by)

    def _action_for(self, principal: Principal, secret: bytes) -> str:
        """Say what is to be done: an access token, which would end soon, is ended by itself and for good."""
        if principal.canary or self._action == "tell":
            return "tell"
        return "revoke" if looks_issued(secret) else self._action

    async def _end(self, token_id: str, secret: bytes, by: Actor) -> None:
        try:
            if looks_issued(secret):
                await self._grants.drop_access(secret)
            else:
                await self._ways[self._action](token_id, by=by)
        except BadRequest:  # somebody else has just ended it
            log.info("leaked_token_had_ended", token_id=token_id)

    def _is_due(self, token_id: str) -> bool:
        now = self._clock.monotonic()
        if self._told.get(token_id, -_AGAIN_S) + _AGAIN_S > now:
            return False
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[token_id] = now
        return True
