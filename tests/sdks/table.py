"""What a table of the page is made of: providers with what they were recorded to say, SDKs, and who reaches whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.replay import Asked, Recorded

STATUSES = (400, 404, 429, 500, 529)
FEWER_STATUSES = (400, 429, 529)
"""What a provider refuses with; 401 is the gateway's own, for a wrong token."""


@dataclass(frozen=True, slots=True)
class Made:
    """An answer that is not as it was recorded.  `said` is how the page calls it; empty where that goes without."""

    answer: Callable[[Asked], Recorded]
    said: str = ""


Case = str | Made
"""An answer of a provider: a recorded one by its name, in the folder of its family or the one said, or a made one."""


@dataclass(frozen=True, slots=True)
class Family:
    """A provider.  `base` is the path of its API below its host, `native` the client that is its own.

    `cases` are its answers by call; `errors` are recorded refusals by status; `refusal` invents the others. Without
    cases the gateway answers in its place. `known` is the gateway's own name for its host, where that has quirks,
    `auth` the scheme by which it is shown the key, where the host's own needs more than any word. In `base` there may
    be `{model}`, and a query. `unshown` are output tokens that its answer counts in the total alone, `amiss` the
    dialects that the host's own entry says it writes amiss, where that entry is taken by another family.
    """

    name: str
    title: str
    dialect: str
    base: str
    native: str
    refusal: Callable[[int], Any]
    cases: Mapping[str, Case]
    errors: Mapping[int, str] = field(default_factory=dict)
    model: str = "some-model"
    known: str = ""
    auth: str = ""
    unshown: int = 0
    amiss: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where below the replayed upstream its operations are."""
        base, _, _ = self.base.partition("?")
        return f"/{self.host}{base.replace('{model}', self.model)}/"

    @property
    def alias(self) -> str:
        """What callers of the gateway name its model."""
        return self.name.replace("_", "-")

    @property
    def host(self) -> str:
        """What the gateway calls the provider."""
        return self.known or self.alias


@dataclass(frozen=True, slots=True)
class Client:
    """An SDK in one dialect.  `runner` is its file below this folder and what it is told, `need` what it needs.

    `below` is where the gateway serves it, where that is not the root. `cannot` are calls that it has no way to make.
    """

    name: str
    title: str
    dialect: str
    runner: tuple[str, ...]
    need: str
    below: str = ""
    cannot: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One table.  `calls` are what clients do; `like` names another call with the same outcome.

    `reaches` are the providers a client is to reach where it is not all, by its name or its dialect; `mends` what a
    pair can do through the gateway alone, by client's or dialect's name and family: the call, and why it fails without.
    `homes` are the providers whose own dialects the clients speak, where those are in another
    table. `alone`: it is the gateway that answers, and no provider is asked.
    """

    title: str
    text: str
    calls: tuple[str, ...]
    families: tuple[Family, ...]
    clients: tuple[Client, ...]
    like: Mapping[str, str] = field(default_factory=dict)
    reaches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mends: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    statuses: tuple[int, ...] = FEWER_STATUSES
    homes: tuple[Family, ...] = ()
    alone: bool = False

    def reached(self, client: Client) -> tuple[str, ...]:
        """Name the providers a client is to reach."""
        every = tuple(family.name for family in self.families)
        return self.reaches.get(client.name, self.reaches.get(client.dialect, every))

    def pairs(self) -> list[tuple[Client, Family]]:
        """List who is to reach whom."""
        family = {family.name: family for family in self.families}
        return [(client, family[name]) for client in self.clients for name in self.reached(client)]

    def mended(self, client: Client, family: Family, call: str) -> str:
        """Say why a pair cannot do a call without the gateway; empty where it can."""
        found = self.mends.get((client.name, family.name), self.mends.get((client.dialect, family.name), {}))
        return found.get(call, "")

    def made(self, client: Client, family: Family) -> list[str]:
        """List the calls of a pair."""
        known = family.cases or self.calls
        return [call for call in self.calls if call in known and call not in client.cannot]

    def wanted(self, client: Client, family: Family) -> list[str]:
        """List what is tried with a pair."""
        refusals = [*map(str, self.statuses), "401"] if family.cases and not self.alone else []
        return [*self.made(client, family), *refusals]

    def native_call(self, family: Family, call: str) -> str:
        """Say what a provider's own client does to get what another one gets by a call."""
        native = next(client for client in self.clients if client.name == family.native)
        return self.like[call] if call in native.cannot or self.mended(native, family, call) else call

    def home(self, client: Client) -> Family:
        """Give the provider whose own dialect a client speaks: the first that has it."""
        return next(family for family in self.homes or self.families if family.dialect == client.dialect)
