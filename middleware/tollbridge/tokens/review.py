"""Which tokens nobody uses, and which may do more than they are used for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tollbridge.stores.reporting import Use
from tollbridge.tokens.model import Token, TokenState
from tollbridge.tokens.scopes import covers


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be looked at of one token.

    `unused`: it was not used since the review's beginning, and was there before. `spare` are its scopes that nothing it
    did needed; `suggested` are the scopes that what it did needs, and nothing else.
    """

    token: Token
    unused: bool
    spare: tuple[str, ...]
    suggested: tuple[str, ...]


def review(tokens: Iterable[Token], uses: Iterable[Use], since: datetime) -> Sequence[Finding]:
    """Hold what tokens may do against what they did since a time; gives those that stand out, in their order.

    A token that is younger than that, or opens nothing, is left out. Refused calls need no scope.
    """
    done: dict[str, list[Use]] = {}
    for use in uses:
        if use.allowed:
            done.setdefault(use.token_id, []).append(use)
    found = []
    for token in tokens:
        if token.state is not TokenState.ACTIVE or token.created_at > since:
            continue
        needed = _needed(done.get(token.id, ()))
        spare = tuple(scope for scope in token.scopes if not any(covers(scope, one) for one in needed))
        last = token.last_used_at
        unused = not needed and (last is None or last < since)
        if unused or (needed and spare):
            found.append(Finding(token, unused, spare, tuple(needed)))
    return found


def _needed(uses: Sequence[Use]) -> Mapping[str, None]:
    """Give the scopes that calls needed, each once, in order."""
    needed: dict[str, None] = {}
    for use in uses:
        if use.operation:
            needed[use.operation] = None
    for use in uses:
        if use.model:
            needed[f"model:{use.model}"] = None
    return needed
