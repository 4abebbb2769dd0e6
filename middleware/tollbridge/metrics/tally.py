"""What calls of one kind add up to, until it is counted in one go.

Counting one series takes a microsecond and a call has a dozen of them; adding up takes a fraction of that.
"""

from collections.abc import Sequence
from operator import attrgetter

from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.metrics.families import NONE, Count, Families

_OF_THEIR_OWN = ("reasoning", "server_tool_calls")
_BUCKETS = tuple((name, attrgetter(name)) for name in Usage.__struct_fields__ if name not in _OF_THEIR_OWN)
_APART = tuple((name, attrgetter(name)) for name in _OF_THEIR_OWN)


class Kind:
    """What calls have in common that are added up together: the labels they are counted under.

    `named` is service and operation, `model` provider and model, None for a call that reached for none. `events` are
    series that each of the calls adds one to.
    """

    __slots__ = ("events", "model", "named", "source")

    def __init__(
        self,
        named: tuple[str, str],
        model: tuple[str, str] | None,
        source: UsageSource | None,
        events: Sequence[Count],
    ) -> None:
        self.named = named
        self.model = model
        self.source = source
        self.events = tuple(events)


class Tally:
    """The sums of one kind of calls."""

    __slots__ = ("cost", "durations", "first_bytes", "kind", "unpriced", "usages")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.durations: list[float] = []
        self.first_bytes: list[float] = []
        self.usages: list[Usage] = []
        self.cost = 0
        self.unpriced = 0

    def count(self, families: Families) -> None:
        """Count it all, and begin anew."""
        kind, durations = self.kind, self.durations
        for event in kind.events:
            event(len(durations))
        families.durations[kind.named](durations)
        service, _ = kind.named
        if kind.model is not None:
            self._count_model(families, kind.model, service)
        elif self.cost:
            families.costs[service, NONE, NONE](self.cost)
        self.__init__(kind)  # type: ignore[misc]  # as it was made

    def _count_model(self, families: Families, model: tuple[str, str], service: str) -> None:
        if self.first_bytes:
            families.first_bytes[model](self.first_bytes)
        if self.cost:
            families.costs[(service, *model)](self.cost)
        if self.unpriced:
            families.unpriced[model](self.unpriced)
        usages = self.usages
        if not usages:
            return
        source = self.kind.source or UsageSource.PROVIDER
        for name, of in _BUCKETS:
            used = sum(map(of, usages))
            if used:
                families.tokens[(*model, name, source)](used)
        for name, of in _APART:
            counted = sum(map(of, usages))
            if counted:
                getattr(families, name)[model](counted)
