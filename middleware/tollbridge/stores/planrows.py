"""Plans of services as rows of a table, and back."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Row

from tollbridge.money import show_usd
from tollbridge.services.subscribing import CallQuota, Plan, PlanChange
from tollbridge.stores.rows import moment, storable
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.tokens.model import TokenBudget, TokenLimits


def change_of_plan(new: Plan) -> PlanChange:
    """Give a plan as a change that writes all of it."""
    named = ("title", "description", "limits", "budget", "price_per_call", "models", "quota", "policies")
    return PlanChange(**{name: getattr(new, name) for name in named})


def plan_values(change: PlanChange) -> dict[str, Any]:
    """Give the columns that a change writes."""
    values: dict[str, Any] = {}
    for name in ("title", "description", "price_per_call"):
        value = getattr(change, name)
        if value is not UNSET:
            values[name] = storable(value) if isinstance(value, str) else value
    if change.limits is not UNSET:
        values |= {name: getattr(change.limits, name) for name in TokenLimits.__struct_fields__}
    if change.budget is not UNSET:
        budget = change.budget
        values |= {"budget_amount": None, "budget_period": None}
        if budget is not None:
            values |= {"budget_amount": budget.amount, "budget_period": budget.period}
    if change.models is not UNSET:
        values["models"] = "\n".join(change.models)
    if change.policies is not UNSET:
        values["policies"] = msgspec.json.encode(change.policies).decode() if change.policies else ""
    if change.quota is not UNSET:
        quota = change.quota
        values |= {"quota_calls": quota and quota.calls, "quota_period": quota and quota.period}
    return values


def told_of_plan(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the audit log says of columns, as people read them."""
    ways: dict[str, Callable[[Any], Any]] = {
        "budget_amount": show_usd,
        "price_per_call": show_usd,
        "models": lambda models: models.split("\n"),
        "policies": msgspec.json.decode,
        "ended_at": lambda at: moment(at).isoformat(),
    }
    told = {name: value for name, value in values.items() if name != "created_at"}
    return {name: ways[name](value) if value and name in ways else value for name, value in told.items()}


def read_plan(row: Row[Any]) -> Plan:
    """Give a plan as it was written."""
    return Plan(
        name=row.name,
        title=row.title,
        description=row.description,
        limits=_limits(row),
        budget=None if row.budget_amount is None else TokenBudget(row.budget_amount, row.budget_period),
        price_per_call=row.price_per_call,
        models=tuple(row.models.split("\n")) if row.models else (),
        quota=None if row.quota_calls is None else CallQuota(row.quota_calls, row.quota_period),
        policies=msgspec.json.decode(row.policies) if row.policies else {},
        created_at=moment(row.created_at),
        ended_at=optional_moment(row.ended_at),
    )


def _limits(row: Any) -> TokenLimits:
    return TokenLimits(row.requests_per_minute, row.tokens_per_minute, row.concurrency)
