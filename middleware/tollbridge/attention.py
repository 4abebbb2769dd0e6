"""What waits for somebody: who decides on each kind of it, and how it is found; read by the admin API and by pages.

Whoever holds the scope of a kind decides, a team on what is its own alone. What one has asked for, and somebody else
has to decide on (`four_eyes`), does not wait for oneself.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tollbridge.gateway import Gateway
from tollbridge.people.model import BRIDGE
from tollbridge.providerkeys.service import ProviderKey
from tollbridge.stores.base import SOON
from tollbridge.stores.overviews import Queue, Waiting, Waits

__all__ = ["BRIDGES", "DECIDES", "JOB_FAILED", "KEY_ENDING", "TOKEN_ENDING", "Queue", "waiting"]

JOB_FAILED, KEY_ENDING, TOKEN_ENDING = "job_failed", "provider_key_ending", Waits.TOKEN_ENDING
PUBLISHING, SUBSCRIPTIONS = "admin:publishing:write", "admin:subscriptions:write"
DECIDES: Mapping[str, str] = {
    Waits.SUBSCRIPTION_ASKED: SUBSCRIPTIONS,
    Waits.RELEASE_IN_REVIEW: PUBLISHING,
    Waits.RELEASE_FAILED: PUBLISHING,
    Waits.WEBHOOK_SILENT: "admin:webhooks:write",
    TOKEN_ENDING: "admin:tokens:write",
    Waits.SERVICE_OVERDUE: PUBLISHING,
    Waits.SERVICE_ENDING: SUBSCRIPTIONS,
    KEY_ENDING: "admin:providers:write",
    JOB_FAILED: "admin:jobs:write",
}
"""The scope that whoever decides on a kind holds."""
BRIDGES = frozenset((KEY_ENDING, JOB_FAILED))
"""Kinds that are the whole bridge's: whoever has a team has no part in them."""
_FOUR_EYES = "four_eyes"


async def waiting(
    gateway: Gateway, kinds: Mapping[str, Collection[str]], *, who: str, limit: int
) -> Mapping[str, Queue]:
    """Give what waits of each kind for `who` in some teams, the longest first.

    `BRIDGE` among the teams, whose name is empty, stands for everything. Raises `Unavailable`.
    """
    found: dict[str, list[Queue]] = {kind: [] for kind in kinds}
    overviews = await gateway.store.overviews()
    but_by = who if gateway.config.services.review == _FOUR_EYES else ""
    of_teams = {kind: {BRIDGE} if BRIDGE in teams else set(teams) for kind, teams in kinds.items()}
    for team in sorted(set[str]().union(*of_teams.values())):
        those = [Waits(kind) for kind, teams in of_teams.items() if team in teams and kind not in BRIDGES]
        for waits, queue in (await overviews.waiting(those, team=team, but_by=but_by, limit=limit)).items():
            found[waits].append(queue)
    for kind in sorted(BRIDGES & of_teams.keys()):
        if BRIDGE in of_teams[kind]:
            found[kind].append(await _of_bridge(gateway, kind, limit))
    return {kind: _together(queues, limit) for kind, queues in found.items()}


def _together(queues: Sequence[Queue], limit: int) -> Queue:
    total = sum(queue.total for queue in queues)
    return Queue(total, _oldest([one for queue in queues for one in queue.oldest], limit))


async def _of_bridge(gateway: Gateway, kind: str, limit: int) -> Queue:
    every = await (_failed_jobs(gateway) if kind == JOB_FAILED else _ending_keys(gateway))
    return Queue(len(every), _oldest(every, limit))


async def _failed_jobs(gateway: Gateway) -> Sequence[Waiting]:
    """Give the jobs whose last run failed; `number` is how many failed in a row."""
    return [
        Waiting(id=one.name, since=one.ended_at, name=one.name, team="", number=one.failures)
        for one in await gateway.jobs.states()
        if one.failures and one.ended_at is not None
    ]


async def _ending_keys(gateway: Gateway) -> Sequence[Waiting]:
    """Give the keys of providers that end within a week; `service` is the provider."""
    now = gateway.clock.now()
    ends = [(key, _end(key, now)) for key in await gateway.secrets.list()]
    return [
        Waiting(id=key.name, since=end - SOON, name=key.name, team="", service=key.provider, until=end)
        for key, end in ends
        if end is not None and now >= end - SOON
    ]


def _end(key: ProviderKey, now: datetime) -> datetime | None:
    """Say when the last live version of a key ends, None where that is never, or it has ended."""
    ends = [version.expires_at for version in key.live(now)]
    return None if not ends or None in ends else max(end for end in ends if end is not None)


def _oldest(found: Sequence[Waiting], limit: int) -> Sequence[Waiting]:
    return sorted(found, key=lambda one: (one.since, one.id))[:limit]
