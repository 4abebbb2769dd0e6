"""Keys of one-api and new-api, which stand in their database in clear: only the hash of each is taken."""

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.keys import Unfit, add, budget, expiry, implied_scopes, model_scopes, name_of
from tollbridge_migrate.reading import a_number, a_text

_ENABLED = 1
_STATES = {2: "it is disabled", 3: "it has expired", 4: "its quota is spent"}
_PREFIX = "sk-"
"""What callers show before the key that is stored (middleware/auth.go)."""
_MOST_NETWORKS = 50
_MANY = 1_000
"""Models that are too many for one key whatever their order."""


class Tokens:
    """Makes lines of keys.  `groups` are the models of each group, `quota` what a dollar is worth."""

    def __init__(
        self,
        gathering: Gathering,
        groups: Mapping[str, set[str]],
        users: Mapping[Any, Mapping[str, Any]],
        quota: Decimal,
    ) -> None:
        self._gathering = gathering
        self._groups = groups
        self._users = users
        self._quota = quota
        self._implied: dict[str, tuple[list[str], str]] = {}

    def add(self, row: Mapping[str, Any], now: datetime) -> None:
        """Take one key."""
        name = name_of(a_text(row.get("name")), f"key {row.get('id')}")
        try:
            line, lost = self._line(name, row, now)
        except Unfit as exc:
            self._gathering.left("key", name, str(exc))
        else:
            add(self._gathering, name, line, lost)

    def _line(self, name: str, row: Mapping[str, Any], now: datetime) -> tuple[Mapping[str, Any], Sequence[str]]:
        key, user = a_text(row.get("key")).strip(), self._users.get(row.get("user_id"))
        if row.get("deleted_at") or row.get("status") != _ENABLED:
            raise Unfit(_STATES.get(row.get("status") or 0, "it is deleted"))
        if user is None or user.get("status") != _ENABLED or user.get("deleted_at"):
            raise Unfit("its user is not there, or is disabled")
        if len(key) < 16 or not key.isascii() or not key.isprintable():
            raise Unfit("its key is too short to be a secret")
        scopes, narrower = self._scopes(row, user)
        line = {
            "name": name,
            "hash": f"sha256:{hashlib.sha256(f'{_PREFIX}{key}'.encode()).hexdigest()}",
            "scopes": scopes,
            "owner": name_of(a_text(user.get("username")), str(user.get("id"))),
            "expires": expiry(_moment(row.get("expired_time")), now),
            "budget": self._budget(row),
            "from": _networks(row),
        }
        lost = ["the quota of its user, which all of their keys share, does not bind it"]
        return line, [*lost, narrower] if narrower else lost

    def _budget(self, row: Mapping[str, Any]) -> str:
        if row.get("unlimited_quota"):
            return ""
        left = a_number(row.get("remain_quota")) or Decimal(0)
        amount = left / self._quota
        if not 0 < amount <= 1_000_000_000:
            raise Unfit("its quota is spent")
        return budget(amount, "")[0]

    def _scopes(self, row: Mapping[str, Any], user: Mapping[str, Any]) -> tuple[list[str], str]:
        """Give what a key may call: its own list, within the models of its group; and what of that it may not here."""
        group = a_text(row.get("group")) or a_text(user.get("group")) or "default"
        known = self._groups.get(group)
        if known is None:
            raise Unfit(f"no channel that was carried over is of its group {group[:40]!r}")
        own = a_text(row.get("models")) or (a_text(row.get("model_limits")) if row.get("model_limits_enabled") else "")
        named = [model.strip() for model in own.split(",") if model.strip()]
        if row.get("model_limits_enabled") and not named:
            raise Unfit("it may call no model")
        if named:
            allowed = [model for model in named if model in known]
            if not allowed:
                raise Unfit("none of its models was carried over")
            return model_scopes(allowed), ""
        if group not in self._implied:
            self._implied[group] = implied_scopes(sorted(known) if len(known) < _MANY else known)
        scopes, told = self._implied[group]
        if not scopes:
            raise Unfit(told)
        return scopes, told


def _networks(row: Mapping[str, Any]) -> list[str]:
    """Give the networks that a key may be used from; raises `Unfit` for some that cannot be read."""
    said = a_text(row.get("subnet")) or a_text(row.get("allow_ips"))
    parts = [part.strip() for part in said.replace("\n", ",").split(",") if part.strip()]
    if len(parts) > _MOST_NETWORKS:
        raise Unfit(f"it names over {_MOST_NETWORKS} networks")
    try:
        return [str(ipaddress.ip_network(part, strict=False)) for part in parts]
    except ValueError:
        raise Unfit("the networks that it may be used from cannot be read") from None


def _moment(value: Any) -> datetime | None:
    if value in (None, -1, 0):
        return None
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise Unfit("when it expires cannot be read") from None
