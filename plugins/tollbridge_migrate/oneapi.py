"""The SQLite file of one-api (songquanpeng/one-api at 8df4a267) or new-api (QuantumNous/new-api, read 2026-11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tollbridge_migrate.channels import Channels
from tollbridge_migrate.database import Database
from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.onetokens import Tokens
from tollbridge_migrate.reading import BadForeign, a_number, a_text

_CHANNELS = (
    *("id", "type", "key", "status", "name", "weight", "base_url", "other", "models", "group", "model_mapping"),
    *("priority", "config", "system_prompt", "openai_organization", "param_override", "header_override"),
    *("status_code_mapping", "channel_info"),
)
_TOKENS = (
    *("id", "user_id", "key", "status", "name", "expired_time", "remain_quota", "unlimited_quota", "models"),
    *("subnet", "model_limits_enabled", "model_limits", "allow_ips", "group", "deleted_at"),
)
_USERS = ("id", "username", "display_name", "role", "status", "email", "quota", "group", "deleted_at")
_ENABLED = 1
_QUOTA_PER_USD = Decimal(500_000)
"""What a dollar is worth unless the options say otherwise (common/config/config.go)."""
_SAID_ELSEWHERE = {
    "QuotaPerUnit": "the quotas of keys are dollars of it",
    "ModelRatio": "prices are those of providers, or of [models] price",
    "CompletionRatio": "prices are those of providers, or of [models] price",
    "GroupRatio": "there are no prices by groups",
    "RetryTimes": "each target is tried once, then the next",
}


@dataclass(frozen=True, slots=True)
class Read:
    """The tables as they are needed."""

    is_new: bool
    channels: Sequence[Mapping[str, Any]]
    tokens: Sequence[Mapping[str, Any]]
    users: Mapping[Any, Mapping[str, Any]]
    options: Mapping[str, str]


def read_tables(database: Database) -> Read:
    """Read what is needed; raises `BadForeign` where the file is another's."""
    columns = database.columns("channels")
    if not {"key", "models", "type"} <= set(columns) or not database.columns("tokens"):
        raise BadForeign("this is no database of one-api or new-api: it lacks their tables channels and tokens")
    return Read(
        is_new="channel_info" in columns or "model_limits" in database.columns("tokens"),
        channels=list(database.rows("channels", _CHANNELS)),
        tokens=list(database.rows("tokens", _TOKENS)),
        users={row.get("id"): row for row in database.rows("users", _USERS)},
        options={
            a_text(row.get("key")): a_text(row.get("value")) for row in database.rows("options", ("key", "value"))
        },
    )


def read_one_api(read: Read, gathering: Gathering, now: datetime) -> None:
    """Gather channels as providers and models, and keys as tokens to be imported."""
    channels = Channels(gathering, is_new=read.is_new)
    for row in sorted(read.channels, key=_rank):
        channels.add(row)
    if channels.shares:
        gathering.partly("channels", "of one priority", "they are tried by weight in order, not by chance")
    quota = a_number(read.options.get("QuotaPerUnit"))
    tokens = Tokens(gathering, channels.groups, read.users, quota if quota and quota > 0 else _QUOTA_PER_USD)
    for row in read.tokens:
        tokens.add(row, now)
    for user in read.users.values():
        _user(user, gathering)
    for name in sorted(read.options):
        gathering.left("option", name, _SAID_ELSEWHERE.get(name, "there is no counterpart"))


def _rank(row: Mapping[str, Any]) -> tuple[Decimal, Decimal, int]:
    """Give the place of a channel: by priority, then by weight, then the older one."""
    number = row.get("id")
    return (
        -(a_number(row.get("priority")) or Decimal(0)),
        -(a_number(row.get("weight")) or Decimal(0)),
        number if isinstance(number, int) else 0,
    )


def _user(row: Mapping[str, Any], gathering: Gathering) -> None:
    name = a_text(row.get("username")) or str(row.get("id"))
    if row.get("status") != _ENABLED or row.get("deleted_at"):
        gathering.left("user", name, "disabled or deleted; keys of theirs are not carried over")
        return
    role = {10: " (an administrator there)", 100: " (the root user there)"}.get(row.get("role") or 0, "")
    gathering.left("user", f"{name}{role}", "make a person: tollbridge person add; keys name them as their owner")
