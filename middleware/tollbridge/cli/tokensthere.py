"""Tokens of a gateway elsewhere, by its admin API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tollbridge.cli.asking import Asking, Refused
from tollbridge.cli.tokenways import LIMITS, Edit, Shown, Way
from tollbridge.money import show_usd
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenBudget, TokenLimits

_GONE = {"expires": "expires_at", "tag": "tags", "rotate-days": "rotate_days"}
_PLAIN = ("name", "owner", "team", "canary", "rotate_days")
_NO_TOKEN = 404


class There(Way):
    """The API of one gateway."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def create(self, wish: Mapping[str, Any]) -> Shown:
        return _issued(self._asking.ask("POST", "/tokens", _said(wish)))

    def list(self, limit: int, wanted: Mapping[str, str]) -> Sequence[Shown]:
        said = {"q" if name == "search" else name: value or None for name, value in wanted.items()}
        return list(self._asking.items("/tokens", said, most=limit))

    def get(self, id: str) -> Shown | None:
        return self._ask("GET", id)

    def rotate(self, id: str, overlap: timedelta) -> Shown | None:
        found = self._ask("POST", id, "/rotate", {"overlap_s": int(overlap.total_seconds())})
        return None if found is None else _issued(found)

    def edit(self, id: str, edit: Edit) -> Shown | None:
        patch = {**_said(edit.wished), **edit.limits}
        patch |= {"from": list(edit.networks)} if edit.networks else {}
        patch |= {"hours": edit.hours} if edit.hours else {}
        limits = {word: name for name, word in LIMITS.items()}
        patch |= {limits.get(word) or _GONE.get(word, word): None for word in edit.gone}
        if "metadata" in edit.wished and "metadata" not in edit.gone:
            before = self.get(id)
            if before is None:
                return None
            patch["metadata"] = {**dict.fromkeys(before["metadata"]), **edit.wished["metadata"]}  # it is merged there
        return self._ask("PATCH", id, "", patch)

    def act(self, id: str, what: str) -> Shown | None:
        return self._ask("POST", id, f"/{what}")

    def report(self, days: int) -> Sequence[Shown]:
        return [
            {**found.pop("token"), **found}
            for page in self._asking.pages("/tokens/report", {"days": days, "limit": 200})
            for found in page["items"]
        ]

    def _ask(self, method: str, id: str, more: str = "", body: Any = None) -> Shown | None:
        try:
            found: Shown = self._asking.ask(method, f"/tokens/{quote(id, safe='')}{more}", body)
        except Refused as exc:
            if exc.status == _NO_TOKEN:
                return None
            raise
        return found


def _issued(found: Shown) -> Shown:
    return {"id": found["id"], "token": found.pop("token"), **found}


def _said(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Say a wish in the words of the API."""
    said = {name: wish[name] for name in _PLAIN if wish.get(name) is not None}
    for name, say in _SAYING.items():
        if wish.get(name) is not None:
            said |= say(wish[name])
    return said


def _limits(limits: TokenLimits) -> dict[str, Any]:
    return {name: value for name in LIMITS if (value := getattr(limits, name)) is not None}


def _budget(budget: TokenBudget) -> dict[str, Any]:
    return {"budget": {"usd": show_usd(budget.amount), "period": budget.period}}


def _conditions(conditions: Conditions) -> dict[str, Any]:
    said: dict[str, Any] = {"from": list(conditions.networks)} if conditions.networks else {}
    return {**said, "hours": conditions.hours} if conditions.hours else said


_SAYING: dict[str, Callable[[Any], dict[str, Any]]] = {
    "scopes": lambda scopes: {"scopes": list(scopes)},
    "expires_at": lambda moment: {"expires_at": moment.isoformat()},
    "limits": _limits,
    "budget": _budget,
    "conditions": _conditions,
    "tags": lambda tags: {"tags": list(tags)},
    "metadata": lambda pairs: {"metadata": dict(pairs)},
    "environment": lambda environment: {"environment": environment.value},
}
