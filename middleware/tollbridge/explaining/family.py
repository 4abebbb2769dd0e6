"""A token and all above it, as rules are attributed to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tollbridge.explaining.words import Rule
from tollbridge.stores.base import AdminStore
from tollbridge.tokens.lineage import lineage
from tollbridge.tokens.model import Principal, Token, TokenKind, TokenState
from tollbridge.tokens.scopes import ScopeSet, covers


@dataclass(frozen=True, slots=True)
class Family:
    """The token asked about, then those above it, nearest first; empty where nobody knows it."""

    tokens: tuple[Token, ...] = ()

    @classmethod
    async def of(cls, store: AdminStore, token_id: str) -> "Family":
        """Read a token and all above it, each once."""
        return cls(await lineage(store, token_id))

    @property
    def first(self) -> Token | None:
        """The token asked about."""
        return self.tokens[0] if self.tokens else None

    def opens(self) -> bool:
        """Whether the first one has a secret that opens; kinds whose secrets come and go are taken to have one."""
        token = self.first
        return token is not None and (token.kind is not TokenKind.BEARER or bool(token.secrets))

    def states(self) -> Iterator[Rule]:
        """Say of each whether it is active, and whether the first has a secret that opens."""
        for token in self.tokens:
            yield Rule(
                kind="token",
                says=f"it is {token.state.value}",
                holds=token.state is TokenState.ACTIVE,
                of=token.id,
                values={"expires_at": token.expires_at.isoformat() if token.expires_at else None},
                change=_REVIVING.get(token.state, ""),
            )
        first = self.first
        if first is not None and not self.opens():
            yield Rule(
                kind="secret", says="no secret of it opens", holds=False, of=first.id, change="rotate it for a new one"
            )

    def conditions(self, client: str, now: datetime) -> Iterator[Rule]:
        """Say of each condition whether it holds for a caller at that address."""
        for token in self.tokens:
            conditions = token.conditions
            if conditions.networks:
                yield Rule(
                    kind="network",
                    says=f"from {', '.join(conditions.networks)}",
                    holds=type(conditions)(conditions.networks).refusal(client, now) is None,
                    of=token.id,
                    values={"client": client or None},
                    change="call from there, or have its networks changed",
                )
            if conditions.hours:
                yield Rule(
                    kind="hours",
                    says=conditions.hours,
                    holds=type(conditions)((), conditions.hours).refusal(client, now) is None,
                    of=token.id,
                    values={"now": now.isoformat()},
                    change="call within them, or have its hours changed",
                )

    def scope(self, principal: Principal, needed: str) -> Iterator[Rule]:
        """Say of the token and of each bound which scope includes the needed one."""
        for place, group in enumerate((principal.scopes, *principal.scopes.bounds)):
            granted = next((scope for scope in group.scopes if covers(scope, needed)), None)
            yield Rule(
                kind="scope",
                says=f"{needed} by {granted}" if granted else f"{needed} is not in {' '.join(group.scopes) or 'it'}",
                holds=granted is not None,
                of=self._holder(group, self.tokens[1:] if place else self.tokens),
                values={"needed": needed, "granted": granted},
                change="" if granted else f"give it the scope {needed}",
            )

    def _holder(self, group: ScopeSet, among: Sequence[Token]) -> str:
        """Give the nearest token whose own scopes these are, else the first: an access token may do less than it."""
        first = self.first
        named = (token.id for token in among if ScopeSet(token.scopes) == ScopeSet(group.scopes))
        return next(named, first.id if first is not None else "")


_REVIVING = {
    TokenState.DISABLED: "enable it",
    TokenState.EXPIRED: "give it a later end",
    TokenState.REVOKED: "make another: this one has ended for good",
}
