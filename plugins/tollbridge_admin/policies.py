"""The rules that hold where nothing closer says otherwise, and the policies that calls pass."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from tollbridge import Gateway, TokenBudget
from tollbridge.administering import clean, is_secret_name, show_usd
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import MoneyShown

READ = "admin:policies:read"


class RotationShown(msgspec.Struct, frozen=True):
    """How many days secrets open, 0 for ever: where their token says nothing, in the caller's team or else."""

    days: int
    team_days: int | None
    warn_days: int


class LimitsShown(msgspec.Struct, frozen=True):
    """Limits of each token without its own; 0 is no limit."""

    requests_per_minute: int
    tokens_per_minute: int
    concurrency: int


class BudgetsShown(msgspec.Struct, frozen=True):
    """Budgets of the whole bridge, and those of each token without its own; and what happens to unpriced calls."""

    bridge: Sequence[MoneyShown]
    token: Sequence[MoneyShown]
    unpriced: str
    cap_output: bool


class PolicyShown(msgspec.Struct, frozen=True):
    """A policy that calls pass, and its options but for secrets."""

    name: str
    options: dict[str, str]


class PoliciesShown(msgspec.Struct, frozen=True):
    """The rules that hold."""

    rotation: RotationShown
    limits: LimitsShown
    budgets: BudgetsShown
    policies: Sequence[PolicyShown]


class Policies:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: Mapping[str, Any] = {"takes": Nothing, "gives": PoliciesShown, "tagged": True}
        return (route("GET", "/policies", self.get_policies, scope=READ, **more),)

    async def get_policies(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show the rules that hold where nothing closer says otherwise, and the policies that calls pass."""
        config, budgets, own = self._gateway.config, self._gateway.budgets, asked.caller.team
        limits, tokens = config.limits, config.tokens
        team = await self._gateway.people.teams.get(own) if own else None
        shown = PoliciesShown(
            rotation=RotationShown(tokens.rotation_days, None if team is None else team.rotate_days, tokens.warn_days),
            limits=LimitsShown(limits.requests_per_minute, limits.tokens_per_minute, limits.concurrency),
            budgets=BudgetsShown(
                tuple(map(_money, budgets.bridge)),
                tuple(map(_money, budgets.token)),
                config.budgets.unpriced,
                config.budgets.cap_output,
            ),
            policies=tuple(PolicyShown(name, options_of(policy)) for name, policy in self._gateway.policies),
        )
        return Answer(shown, tag=tag_of(shown))


def options_of(policy: object) -> dict[str, str]:
    """Give the options of a policy as they are written, but for those that are or hold a secret."""
    if not is_dataclass(policy):
        return {}
    shown = {one.name: getattr(policy, one.name) for one in fields(policy) if one.init and one.repr}
    return {name: clean(_said(value)) for name, value in shown.items() if not is_secret_name(name)}


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_said(one)}" for name, one in value.items() if not is_secret_name(str(name)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_said, value))
    return str(value)


def _money(budget: TokenBudget) -> MoneyShown:
    return MoneyShown(show_usd(budget.amount), budget.period)
