"""Refusals as problem details (RFC 9457).  No value that was sent is in them."""

from typing import Any

from tollbridge import GatewayError
from tollbridge.administering import show_usd
from tollbridge_prompts.asking import Spent
from tollbridge_prompts.refusals import InputRefused, spent_of

KIND = "application/problem+json"


def problem_of(error: GatewayError) -> dict[str, Any]:
    """Write an error: `code` is for programs, `detail` for people, `errors` name each field that is wrong.

    Where a model was asked in vain, it has what that took.
    """
    shown: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    if isinstance(error, InputRefused):
        shown["errors"] = [{"field": one.field, "detail": one.detail} for one in error.errors]
    spent = spent_of(error)
    return shown if spent is None else {**shown, **shown_spent(spent)}


def shown_spent(spent: Spent) -> dict[str, Any]:
    """Write what a call took of models."""
    usage = {"input_tokens": spent.usage.input_total, "output_tokens": spent.usage.output_total}
    cost = {} if spent.cost is None else {"cost_usd": show_usd(spent.cost)}
    return {"attempts": spent.attempts, "usage": usage, **cost}
