"""The two ways of `tollbridge token`: the store of a configuration, and the admin API of a gateway elsewhere.

Both give tokens in the words of `--json`. On this machine the store is opened without the gateway: that is quicker, and
works where the gateway, a plugin or a provider's key does not.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tollbridge.cli.output import check_one_place
from tollbridge.cli.places import Where
from tollbridge.cli.tokenwords import read_conditions, shown, with_tokens

if TYPE_CHECKING:
    from tollbridge.tokens.conditions import Conditions
    from tollbridge.tokens.model import Token, TokenBudget, TokenLimits

Shown = dict[str, Any]
"""A token as `--json` shows it; times may be ISO text."""
LIMITS = {"requests_per_minute": "rpm", "tokens_per_minute": "tpm", "concurrency": "concurrency"}
"""Limits, and the options that set them."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change of a token: `wished` in the words of the core; `gone` are options that are taken away."""

    wished: Mapping[str, Any]
    limits: Mapping[str, int] = field(default_factory=dict)
    networks: Sequence[str] = ()
    hours: str = ""
    gone: frozenset[str] = frozenset()


class Way(ABC):
    """Makes, finds and changes tokens; None is given where there is no such token."""

    @abstractmethod
    def create(self, wish: Mapping[str, Any]) -> Shown:
        """Make a token; its secret is under `token`."""

    @abstractmethod
    def list(self, limit: int, wanted: Mapping[str, str]) -> Sequence[Shown]:
        """List tokens, newest first; `wanted` are `before`, `search`, `state`, `parent`, `team`, empty for any."""

    @abstractmethod
    def get(self, id: str) -> Shown | None:
        """Find a token."""

    @abstractmethod
    def rotate(self, id: str, overlap: timedelta) -> Shown | None:
        """Give it a further secret, under `token`."""

    @abstractmethod
    def edit(self, id: str, edit: Edit) -> Shown | None:
        """Change it."""

    @abstractmethod
    def act(self, id: str, what: str) -> Shown | None:
        """Do what `disable`, `enable` and `revoke` say."""

    @abstractmethod
    def report(self, days: int) -> Sequence[Shown]:
        """Give those that nobody used or that may do more than they do, with what was found of each."""


@contextmanager
def the_way(where: Where) -> Iterator[Way]:
    """Give the way that the options name; raises a usage error where both are named, or a token alone."""
    check_one_place(where.config, where.url, where.token)
    if not where.url:
        yield Here(where.config)
        return
    from tollbridge.cli.remote import Remote  # brings HTTP
    from tollbridge.cli.tokensthere import There

    with Remote(where.url, where.token) as asking:
        yield There(asking)


class Here(Way):
    """The store of a configuration."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def create(self, wish: Mapping[str, Any]) -> Shown:
        async def work(offline: Any) -> Any:
            return _issued(await offline.tokens.issue(**wish, by=offline.actor))

        return with_tokens(self._config, work, makes=True)

    def list(self, limit: int, wanted: Mapping[str, str]) -> Sequence[Shown]:
        async def work(offline: Any) -> Any:
            asked = {**wanted, "before": wanted["before"] or None}
            return await offline.store.list_tokens(limit=limit, **asked, budgets=_budgets(offline, wanted["state"]))

        return [shown(token) for token in with_tokens(self._config, work)]

    def get(self, id: str) -> Shown | None:
        async def work(offline: Any) -> Any:
            return await offline.store.get_token(id)

        return _shown(with_tokens(self._config, work))

    def rotate(self, id: str, overlap: timedelta) -> Shown | None:
        async def work(offline: Any) -> Any:
            issued = await offline.tokens.rotate(id, overlap, by=offline.actor)
            return None if issued is None else _issued(issued)

        found: Shown | None = with_tokens(self._config, work)
        return found

    def edit(self, id: str, edit: Edit) -> Shown | None:
        async def work(offline: Any) -> Any:
            from tollbridge.stores.changes import TokenChange  # brings msgspec

            def change(token: Any) -> TokenChange:
                bounds = {"limits": _limits(token, edit), "conditions": _conditions(token, edit)}
                return TokenChange(**{**_changes(edit), **bounds})

            return await offline.tokens.change(id, change, by=offline.actor)

        return _shown(with_tokens(self._config, work))

    def act(self, id: str, what: str) -> Shown | None:
        async def work(offline: Any) -> Any:
            tokens = offline.tokens
            acts = {"disable": tokens.disable, "enable": tokens.enable, "revoke": tokens.revoke}
            return await acts[what](id, by=offline.actor)

        return _shown(with_tokens(self._config, work))

    def report(self, days: int) -> Sequence[Shown]:
        async def work(offline: Any) -> Any:
            from tollbridge.tokens.review import review  # brings the store

            now = offline.clock.now()
            since = now - timedelta(days=days)
            tokens, before = [], None
            while page := await offline.store.list_tokens(limit=_PAGE, before=before):
                tokens += page
                before = page[-1].id
            return review(tokens, await offline.store.uses(since, now), since)

        return [
            {
                **shown(each.token),
                "unused": each.unused,
                "spare_scopes": list(each.spare),
                "suggested_scopes": list(each.suggested),
            }
            for each in with_tokens(self._config, work)
        ]


def _budgets(offline: Any, state: str) -> "Sequence[TokenBudget]":
    """Give the budgets of tokens without one of their own, where a state is asked for that these make."""
    if state not in ("near-budget", "over-budget"):
        return ()
    from tollbridge.readings import budgets_of  # brings the transport

    return budgets_of(offline.config).token


def _shown(token: "Token | None") -> Shown | None:
    return None if token is None else shown(token)


def _issued(issued: Any) -> Shown:
    return {"id": issued.token.id, "token": issued.secret, **shown(issued.token)}


def _changes(edit: Edit) -> dict[str, Any]:
    """Give what is wished, and what an option that was taken away leaves."""
    left: dict[str, Any] = {"expires": None, "budget": None, "tag": (), "metadata": {}, "rotate-days": None}
    named = {"expires": "expires_at", "tag": "tags", "rotate-days": "rotate_days"}
    return {**edit.wished, **{named.get(word, word): value for word, value in left.items() if word in edit.gone}}


def _limits(token: "Token", edit: Edit) -> "TokenLimits":
    given: dict[str, int | None] = {**edit.limits}
    given |= {name: None for name, word in LIMITS.items() if word in edit.gone}
    return type(token.limits)(**{name: getattr(token.limits, name) for name in LIMITS} | given)


def _conditions(token: "Token", edit: Edit) -> "Conditions":
    before = token.conditions
    kept = () if "from" in edit.gone else before.networks
    return read_conditions(edit.networks or kept, edit.hours or ("" if "hours" in edit.gone else before.hours))
