"""What waits for whoever looks: what they may decide on, in each of their teams, and invitations of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollbridge.attention import DECIDES, TOKEN_ENDING, Queue, waiting
from tollbridge.people.model import Invitation
from tollbridge.screens.viewing import Viewer

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

NAMED = 3
"""Things of one kind that are called by name; the others are behind the link, or counted."""

_KINDS = {kind: scope for kind, scope in DECIDES.items() if kind != TOKEN_ENDING}
"""Tokens that end are not among them: Home says so anyway, and the list of tokens has a filter."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits: of each kind with something how many, and those that have waited longest, and so of invitations."""

    queues: Mapping[str, Queue]
    invited: int
    invitations: Sequence[Invitation]

    @property
    def size(self) -> int:
        return self.invited + sum(queue.total for queue in self.queues.values())


async def collect_waiting(gateway: "Gateway", viewer: Viewer) -> Waits:
    """Find what waits for somebody, as `GET /attention` of the admin API does for a token.  Raises `Unavailable`."""
    kinds = {kind: viewer.teams(scope) for kind, scope in _KINDS.items()}
    queues = await waiting(gateway, kinds, who=viewer.id, limit=NAMED)
    mine = sorted(await gateway.people.invitations.for_address(viewer.email), key=lambda one: one.created_at)
    return Waits({kind: queue for kind, queue in queues.items() if queue.total}, len(mine), mine[:NAMED])
