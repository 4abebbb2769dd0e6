"""What waits for somebody: each caller sees what is theirs to decide on, by their scopes and their team.

What one has asked for, and somebody else has to decide on (`four_eyes`), does not wait for oneself.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge import Gateway
from tollbridge.administering import ProviderKey, Waiting, Waits
from tollbridge.stores.base import SOON
from tollbridge_admin import jobs, providerkeys, subscriptions, tokens, webhooks
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import ANY_TOKEN, Route, route
from tollbridge_admin.services import PUBLISH
from tollbridge_admin.tokenshapes import Wish

Kind = Literal[
    "subscription_asked",
    "release_in_review",
    "release_failed",
    "webhook_silent",
    "token_ending",
    "provider_key_ending",
    "job_failed",
]
JOB_FAILED, KEY_ENDING = "job_failed", "provider_key_ending"
DECIDES: Mapping[str, str] = {
    Waits.SUBSCRIPTION_ASKED: subscriptions.WRITE,
    Waits.RELEASE_IN_REVIEW: PUBLISH,
    Waits.RELEASE_FAILED: PUBLISH,
    Waits.WEBHOOK_SILENT: webhooks.WRITE,
    Waits.TOKEN_ENDING: tokens.WRITE,
    KEY_ENDING: providerkeys.WRITE,
    JOB_FAILED: jobs.WRITE,
}
"""The scope that whoever decides on a kind holds."""
BRIDGES = frozenset((KEY_ENDING, JOB_FAILED))
"""Kinds that are the whole bridge's: whoever has a team has no part in them."""
_FOUR_EYES = "four_eyes"


class AttentionAsked(Wish, frozen=True):
    """Of which kind, and how many at most; `counts` are of all."""

    kind: Kind | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=200, description="How many at most.")] = 50


class WaitingShown(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits since a time.  `href` is where it is below the API; `team` is whose it is."""

    kind: Kind
    id: str
    since: datetime
    title: str
    team: str
    href: str


class AttentionShown(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, the longest first, and how many there are of each kind that the caller decides on."""

    items: Sequence[WaitingShown]
    counts: Mapping[str, int]
    total: int


class Attention:
    """Answers with it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._others: Mapping[str, Callable[[], Awaitable[Sequence[WaitingShown]]]] = {
            KEY_ENDING: self._keys,
            JOB_FAILED: self._jobs,
        }

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        asking = {"takes": AttentionAsked, "gives": AttentionShown, "scope": ANY_TOKEN}
        return (route("GET", "/attention", self.list_attention, **asking),)  # type: ignore[arg-type]  # by their names

    async def list_attention(self, asked: Asked, query: AttentionAsked) -> Answer:
        """List what waits for the caller's decision, the longest first, and count it."""
        kinds = [kind for kind in _decided_by(asked) if query.kind in (UNSET, kind)]
        found, counts = list[WaitingShown](), dict[str, int]()
        for kind in kinds:
            counts[kind], oldest = await self._waiting(kind, asked, query.limit)
            found += oldest
        found.sort(key=lambda one: (one.since, one.id))
        return Answer(AttentionShown(items=found[: query.limit], counts=counts, total=sum(counts.values())))

    async def _waiting(self, kind: str, asked: Asked, limit: int) -> tuple[int, Sequence[WaitingShown]]:
        if kind in BRIDGES:
            every = await self._others[kind]()
            return len(every), every
        which = Waits(kind)
        but_by = asked.caller.id if self._gateway.config.services.review == _FOUR_EYES else ""
        overviews = await self._gateway.store.overviews()
        queue = await overviews.waiting(which, team=asked.caller.team, but_by=but_by, limit=limit)
        return queue.total, [_shown(which, one) for one in queue.oldest]

    async def _jobs(self) -> Sequence[WaitingShown]:
        return [
            WaitingShown(
                kind="job_failed",
                id=one.name,
                since=one.ended_at,
                title=f"the job {one.name} failed, {one.failures} in a row",
                team="",
                href="jobs",
            )
            for one in await self._gateway.jobs.states()
            if one.failures and one.ended_at is not None
        ]

    async def _keys(self) -> Sequence[WaitingShown]:
        now = self._gateway.clock.now()
        ends = [(key, _end(key, now)) for key in await self._gateway.secrets.list()]
        return [
            WaitingShown(
                kind="provider_key_ending",
                id=key.name,
                since=end - SOON,
                title=f"the key {key.name} of {key.provider} ends soon",
                team="",
                href=f"provider-credentials/{key.name}",
            )
            for key, end in ends
            if end is not None and now >= end - SOON
        ]


def _decided_by(asked: Asked) -> Sequence[str]:
    """Name the kinds that are the caller's to decide on."""
    caller = asked.caller
    return [kind for kind, scope in DECIDES.items() if scope in caller.scopes and not (caller.team and kind in BRIDGES)]


def _end(key: ProviderKey, now: datetime) -> datetime | None:
    """Say when the last live version of a key ends, None where that is never, or it has ended."""
    ends = [version.expires_at for version in key.live(now)]
    return None if not ends or None in ends else max(end for end in ends if end is not None)


def _shown(kind: Waits, one: Waiting) -> WaitingShown:
    say, where = _SAID[kind]
    return WaitingShown(kind=kind.value, id=one.id, since=one.since, title=say(one), team=one.team, href=where(one))


def _asks(one: Waiting) -> str:
    whose = f", of the team {one.asker}," if one.asker else ""
    return f"the application {one.name}{whose} asks for {one.service}"


def _release(one: Waiting) -> str:
    return f"services/{one.service}/releases/{one.number}"


_SAID: Mapping[Waits, tuple[Callable[[Waiting], str], Callable[[Waiting], str]]] = {
    Waits.SUBSCRIPTION_ASKED: (_asks, lambda one: f"subscriptions/{one.id}"),
    Waits.RELEASE_IN_REVIEW: (lambda one: f"release {one.name} of {one.service} waits for a review", _release),
    Waits.RELEASE_FAILED: (lambda one: f"release {one.name} of {one.service} failed", _release),
    Waits.WEBHOOK_SILENT: (
        lambda one: f"the webhook {one.name} is off: nothing arrived there",
        lambda one: f"webhooks/{one.id}",
    ),
    Waits.TOKEN_ENDING: (lambda one: f"the token {one.name} ends soon", lambda one: f"tokens/{one.id}"),
}
"""What is said of a thing that waits, and where it is."""
