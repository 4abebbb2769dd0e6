"""Events: which a webhook hears of, and how one is written.

What is recorded in the audit log is what is told, by the record's own action. The body holds ids and names, and of what
changed the names of the fields: values stand in it only where `_SAID` names them.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from tollbridge.audit import AuditRecord
from tollbridge.clock import iso
from tollbridge.stores.rows import moment

NEW_SECRET = "token.new_secret"
"""The one event that holds a secret.  Only the webhook hears of it that a token's rotation is delivered to."""
TEST = "webhook.test"
MOST_PATTERNS = 50

EVENTS = tuple(
    f"{about}.{event}"
    for about, events in {
        "token": (
            "canary change disable enable import issue leaked revoke rotate rotated_automatically rotation_failed"
            " secret_ending set_rotation unset_rotation unused withdraw"
        ),
        "application": "add change disable enable end subscribe transfer",
        "client": "add change",
        "credential": "add remove rotate",
        "grant": "add widen",
        "job": "hurry",
        "member": "remove set",
        "person": "add change disable enable link password remove",
        "provider_key": "check ending expire remove rotate set",
        "role": "add change remove",
        "service": (
            "add approve change deprecate drop fail pause promote prove publish refuse release resume retire schedule"
            " slo_burning slo_recovered submit supersede undeprecate unschedule withdraw"
        ),
        "plan": "add change",
        "session": "begin end",
        "subscription": "approve ask cancel end expire refuse",
        "team": "add change disable enable end invited joined reinvited uninvited",
        "webhook": "change create disable give_up remove resend rotate try",
    }.items()
    for event in events.split()
)
"""All that the gateway itself records; plugins add theirs by `register_events`."""

_EVENT = re.compile(r"[a-z][a-z_]{0,39}\.[a-z][a-z_]{0,39}")
_PATTERN = re.compile(r"\*|[a-z][a-z_]{0,39}\.(?:\*|[a-z][a-z_]{0,39})")
_SAID = (
    *("hint", "ends_at", "others_end_at", "days", "last_used_at", "into", "why", "version", "provider", "result"),
    *("number", "successor", "invitation", "slo", "window", "burn_rate"),
    *("passed", "cases", "cases_passed"),
)
_encode = msgspec.json.Encoder(order="sorted").encode


def is_event(name: object) -> bool:
    """Whether something is written as the name of an event."""
    return isinstance(name, str) and _EVENT.fullmatch(name) is not None


def checked_patterns(patterns: Iterable[str], known: Collection[str] = EVENTS) -> tuple[str, ...]:
    """Give the patterns of events, each once; raises `ValueError`, also for one that means none that is known."""
    found = tuple(dict.fromkeys(patterns))
    if not 0 < len(found) <= MOST_PATTERNS:
        raise ValueError(f"name 1 to {MOST_PATTERNS} events")
    for pattern in found:
        if not _PATTERN.fullmatch(pattern):
            raise ValueError("an event is written as token.rotate, token.* or *")
        if not any(hears((pattern,), event) for event in known):
            raise ValueError(f"there is no event {pattern}; known: {', '.join(sorted(known))}")
    return found


def hears(patterns: Iterable[str], event: str) -> bool:
    """Whether any of the patterns means the event."""
    return any(pattern in ("*", event, f"{event.partition('.')[0]}.*") for pattern in patterns)


def said_of(record: AuditRecord, name: str, team: str) -> str:
    """Write the body that tells of a record: of the target its id, `name` and `team`."""
    before, after = _object(record.before), _object(record.after)
    data: dict[str, Any] = {
        "id": record.target,
        "name": name,
        "team": team,
        "by": record.actor.id,
        "via": record.actor.via,
        "request": record.actor.call_id,
        "record": record.number,
        "changed": sorted(after if after else before),
    }
    return body(record.action, record.at_us, data | {key: _written(after[key]) for key in _SAID if key in after})


def body(event: str, at_us: int, data: Mapping[str, Any]) -> str:
    """Write a body as the specification recommends: `type`, `timestamp` and `data`.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11).
    """
    return _encode({"type": event, "timestamp": iso(moment(at_us)), "data": data}).decode("utf-8")


def _written(value: object) -> object:
    """Give a value as all times are written here: in UTC, with `Z`."""
    return value.removesuffix("+00:00") + "Z" if isinstance(value, str) and value.endswith("+00:00") else value


def _object(text: str) -> dict[str, Any]:
    found: dict[str, Any] | None = msgspec.json.decode(text)
    return found or {}
