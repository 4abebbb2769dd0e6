"""What is said of tokens where `details` are asked for: how their budgets stand, and which person owns them."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge import Gateway, Principal, Token
from tollbridge.administering import show_usd
from tollbridge.stores.base import BudgetUse
from tollbridge_admin.budgetshapes import Level
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import PASSING, Details, TokenShown, Wish, fields_of

_ADDRESSES = ("admin:people:read", "admin:members:read")
"""Whoever has one of these sees addresses of people."""
_DETAILS = ("budgets", "owner_name", "owner_email")


class TokenAsked(Wish, frozen=True):
    """How much is said of one token."""

    details: Details = False


class TokenBudgetShown(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of a token in the period that runs now.

    `own`: it is said for this token, and not by the configuration for every one. `level`: nine tenths are spent, or all
    of it; null for less.
    """

    usd: str
    period: str
    spent_usd: str
    own: bool
    level: Level | None


class TokenDetailed(TokenShown, frozen=True, kw_only=True):
    """A token; the last three where `details` are asked for.

    `budgets` hold for it, each of them. `owner_name` is null where the owner is no person, `owner_email` too where it
    is not yours to see.
    """

    budgets: Sequence[TokenBudgetShown] | UnsetType = UNSET
    owner_name: str | UnsetType | None = UNSET
    owner_email: str | UnsetType | None = UNSET


class TokensDetailed(msgspec.Struct, frozen=True):
    """A page of tokens; `next` is the cursor of the page behind it."""

    items: Sequence[TokenDetailed]
    next: str | None


def plain(token: Token) -> TokenDetailed:
    """Give a token without details."""
    return TokenDetailed(**fields_of(token))


async def detailed(gateway: Gateway, caller: Principal, tokens: Sequence[Token]) -> Sequence[TokenDetailed]:
    """Give tokens with their details, as far as they are the caller's to see."""
    otherwise = gateway.budgets.token
    owned = {f"token:{token.id}": otherwise if token.budget is None else (token.budget,) for token in tokens}
    uses = await gateway.store.budget_uses(owned)
    people = await gateway.people.get_people({token.owner for token in tokens if token.owner})
    sees = any(scope in caller.scopes for scope in _ADDRESSES)
    found = []
    for token in tokens:
        who = people.get(token.owner)
        own = token.budget is not None
        found.append(
            TokenDetailed(
                **fields_of(token),
                budgets=[_budget(use, own=own) for use in uses[f"token:{token.id}"]],
                owner_name=None if who is None else who.name,
                owner_email=None if who is None or not (sees or who.id == caller.owner) else who.email,
            )
        )
    return found


def detailed_tag(one: TokenDetailed) -> str:
    """Give the tag of a token with details: for `If-Match` it is the one that it has without."""
    return tag_of(one, *PASSING, *_DETAILS)


def _budget(use: BudgetUse, *, own: bool) -> TokenBudgetShown:
    return TokenBudgetShown(
        usd=show_usd(use.amount),
        period=use.period,
        spent_usd=show_usd(use.spent),
        own=own,
        level=use.level or None,
    )
