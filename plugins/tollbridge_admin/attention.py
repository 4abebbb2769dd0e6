"""What waits for somebody: each caller sees what is theirs to decide on, by their scopes and their team."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge import Gateway
from tollbridge.administering import Waiting, Waits
from tollbridge.attention import BRIDGES, DECIDES, JOB_FAILED, KEY_ENDING, waiting
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import ANY_TOKEN, Route, route
from tollbridge_admin.tokenshapes import Wish

Kind = Literal[
    "subscription_asked",
    "release_in_review",
    "release_failed",
    "webhook_silent",
    "token_ending",
    "service_overdue",
    "service_ending",
    "provider_key_ending",
    "job_failed",
]


class AttentionAsked(Wish, frozen=True):
    """Of which kind, and how many at most; `counts` are of all."""

    kind: Kind | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=200, description="How many at most.")] = 50


class WaitingShown(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits since a time.  `href` is where it is below the API; `team` is whose it is.

    `name` is its own: of a subscription that of the application, whose team is `asker`, of a release its version, whose
    `number` it has; of a job that is how often it failed in a row. `service` is the slug of the service that it is
    about, of a key the provider; `until` is when it is over, `successor` the slug of what takes the service's place.
    """

    kind: Kind
    id: str
    since: datetime
    title: str
    team: str
    href: str
    name: str
    service: str | None
    number: int | None
    asker: str | None
    until: datetime | None
    successor: str | None


class AttentionShown(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, the longest first, and how many there are of each kind that the caller decides on."""

    items: Sequence[WaitingShown]
    counts: Mapping[str, int]
    total: int


class Attention:
    """Answers with it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        asking = {"takes": AttentionAsked, "gives": AttentionShown, "scope": ANY_TOKEN}
        return (route("GET", "/attention", self.list_attention, **asking),)  # type: ignore[arg-type]  # by their names

    async def list_attention(self, asked: Asked, query: AttentionAsked) -> Answer:
        """List what waits for the caller's decision, the longest first, and count it."""
        caller, found, counts = asked.caller, list[WaitingShown](), dict[str, int]()
        kinds = {kind: (caller.team,) for kind in _decided_by(asked) if query.kind in (UNSET, kind)}
        queues = await waiting(self._gateway, kinds, who=caller.id, limit=query.limit)
        for kind, queue in queues.items():
            counts[kind] = queue.total
            found += [_shown(kind, one) for one in queue.oldest]
        found.sort(key=lambda one: (one.since, one.id))
        return Answer(AttentionShown(items=found[: query.limit], counts=counts, total=sum(counts.values())))


def _decided_by(asked: Asked) -> Sequence[str]:
    """Name the kinds that are the caller's to decide on."""
    caller = asked.caller
    return [kind for kind, scope in DECIDES.items() if scope in caller.scopes and not (caller.team and kind in BRIDGES)]


def _shown(kind: str, one: Waiting) -> WaitingShown:
    say, where = _SAID[kind]
    return WaitingShown(
        kind=kind,  # type: ignore[arg-type]  # the keys of `DECIDES` are its values
        id=one.id,
        since=one.since,
        title=say(one),
        team=one.team,
        href=where(one),
        name=one.name,
        service=one.service or None,
        number=one.number or None,
        asker=one.asker or None,
        until=one.until,
        successor=one.successor or None,
    )


def _asks(one: Waiting) -> str:
    whose = f", of the team {one.asker}," if one.asker else ""
    return f"the application {one.name}{whose} asks for {one.service}"


def _release(one: Waiting) -> str:
    return f"services/{one.service}/releases/{one.number}"


def _ends(one: Waiting) -> str:
    when = f"ends at {one.until:%Y-%m-%d %H:%M} UTC" if one.until is not None else "is deprecated"
    instead = f"; {one.successor} takes its place" if one.successor else ""
    return f"the service {one.service}, to which the application {one.name} subscribes, {when}{instead}"


_SAID: Mapping[str, tuple[Callable[[Waiting], str], Callable[[Waiting], str]]] = {
    Waits.SUBSCRIPTION_ASKED: (_asks, lambda one: f"subscriptions/{one.id}"),
    Waits.RELEASE_IN_REVIEW: (lambda one: f"release {one.name} of {one.service} waits for a review", _release),
    Waits.RELEASE_FAILED: (lambda one: f"release {one.name} of {one.service} failed", _release),
    Waits.WEBHOOK_SILENT: (
        lambda one: f"the webhook {one.name} is off: nothing arrived there",
        lambda one: f"webhooks/{one.id}",
    ),
    Waits.TOKEN_ENDING: (lambda one: f"the token {one.name} ends soon", lambda one: f"tokens/{one.id}"),
    Waits.SERVICE_OVERDUE: (
        lambda one: f"the service {one.service} serves beyond the end that its callers were told",
        lambda one: f"services/{one.service}",
    ),
    Waits.SERVICE_ENDING: (_ends, lambda one: f"subscriptions/{one.id}"),
    KEY_ENDING: (
        lambda one: f"the key {one.name} of {one.service} ends soon",
        lambda one: f"provider-credentials/{one.id}",
    ),
    JOB_FAILED: (lambda one: f"the job {one.name} failed, {one.number} in a row", lambda one: "jobs"),
}
"""What is said of a thing that waits, and where it is."""
