"""An upstream as it runs: its nodes, what is thought of each, and which one takes the next call."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tollbridge import Clock, UpstreamError
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of
from tollbridge_rest.balancing import Balancer
from tollbridge_rest.credentials import Ours
from tollbridge_rest.definition import Node, Upstream
from tollbridge_rest.health import FRESH, Checked, Passive, checked, failed, succeeded
from tollbridge_rest.line import is_target
from tollbridge_rest.pool import Pool

ReadOurs = Callable[[], Awaitable[Ours]]

PASS_HOST, OWN_HOST = "pass", "upstream"


@dataclass(slots=True)
class Member:
    """A node with what is thought of it.  `path` stands before that of every request."""

    place: int
    endpoint: Endpoint
    authority: str
    path: str
    backup: bool
    passive: Passive = FRESH
    checked: Checked = field(default_factory=Checked)


def read_node(url: str) -> tuple[Endpoint, str, str]:
    """Read a node's URL: where it leads, its authority and its path; raises `ValueError` saying what is wrong."""
    try:
        endpoint = endpoint_of(url)
    except UpstreamError as exc:
        raise ValueError(exc.detail or exc.message) from None
    parts = urlsplit(url)
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ValueError("it holds a query or a fragment, which belong to the routes")
    if any(part in (".", "..") for part in parts.path.split("/")) or "//" in parts.path:
        raise ValueError("its path is not in its plain form")
    if not is_target(parts.path or "/"):
        raise ValueError("its path holds what no request can; escape it")
    return endpoint, parts.netloc, parts.path.rstrip("/")


class Backend:
    """Picks nodes, and learns from what became of their calls.

    `ours` gives what goes along with a request; it raises `Unavailable` for a secret that is not there.
    """

    def __init__(
        self, name: str, upstream: Upstream, *, ours: ReadOurs, guard: Guard, clock: Clock, private: bool
    ) -> None:
        self.name = name
        self.upstream = upstream
        self.ours = ours
        self.members = [_member(place, node) for place, node in enumerate(upstream.nodes)]
        self.pool = Pool(
            guard,
            upstream.tls,
            connect_s=upstream.connect_timeout_s,
            private=private and upstream.allow_private,
            plain=upstream.plain,
        )
        self._balancer = Balancer(upstream.nodes, upstream.balance)
        self._clock = clock
        self.running: dict[int, int] = {}

    def pick(self, tried: Collection[int], key: bytes) -> Member | None:
        """Give the node to ask, one that was not tried if there is one; None while checks find none alive.

        Rest is a courtesy: where all the others are down or resting too, a resting node is asked all the same.
        """
        alive = [member for member in self.members if member.checked.up]
        untried = [member for member in alive if member.place not in tried] or alive
        now = self._clock.monotonic()
        awake = [member for member in untried if not member.passive.rests(now)]
        for some in (_in_front(awake), awake, _in_front(untried), untried):
            if some:
                return self.members[self._balancer.pick([member.place for member in some], self.running, key)]
        return None

    def note(self, member: Member, *, good: bool) -> None:
        """Learn from a call: one that failed is one that another node might have served."""
        now = self._clock.monotonic()
        if good:
            member.passive = succeeded(member.passive, now)
        else:
            member.passive = failed(member.passive, now, self.upstream.health)

    def note_check(self, member: Member, *, good: bool) -> bool:
        """Learn from a check; says whether the node came or went."""
        before = member.checked
        member.checked = checked(before, good, self.upstream.health)
        return member.checked.up is not before.up

    def again_s(self) -> float:
        """Give the seconds after which a call that failed may be tried again: when a node is awake, at least 1.

        Where checks find none alive, that is when the next ones are.
        """
        now = self._clock.monotonic()
        rests = [member.passive.resting_until - now for member in self.members if member.checked.up]
        return max(1.0, min(rests, default=self.upstream.health.every_s))

    def begin(self, member: Member) -> None:
        """Count a call that runs."""
        self.running[member.place] = self.running.get(member.place, 0) + 1

    def end(self, member: Member) -> None:
        """Count it off."""
        left = self.running[member.place] - 1
        if left:
            self.running[member.place] = left
        else:
            del self.running[member.place]

    def host_for(self, member: Member, asked: str) -> str:
        """Give the Host header of a request to a node; `asked` is the caller's own."""
        host = self.upstream.host
        if host == PASS_HOST:
            return asked or member.authority
        return member.authority if host == OWN_HOST else host


def _member(place: int, node: Node) -> Member:
    endpoint, authority, path = read_node(node.url)
    return Member(place, endpoint, authority, path, node.backup)


def _in_front(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if not member.backup]
