"""Between tokens and their rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from tollbridge.stores.changes import NewSecret, NewToken, TokenChange
from tollbridge.stores.rows import micros, moment
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import (
    Above,
    Environment,
    Token,
    TokenBudget,
    TokenKind,
    TokenLimits,
    TokenSecret,
    TokenState,
)

Values = dict[str, Any]

_encode = msgspec.json.Encoder(order="sorted").encode
_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode
_decode_above = msgspec.json.Decoder(tuple[Above, ...]).decode
_decode_conditions = msgspec.json.Decoder(tuple[Conditions, ...]).decode


def token_values(new: NewToken) -> Values:
    """Give the columns of a new token but for those that come of the token above it."""
    return {
        "id": new.id,
        "name": new.name,
        "kind": new.kind.value,
        "owner": new.owner,
        "team": new.team,
        "hint": new.hint,
        "created_at": micros(new.created_at),
        "environment": new.environment.value,
        "parent": new.parent,
        "beside": new.beside,
        "scopes": " ".join(new.scopes),
        "expires_at": _optional(new.expires_at),
        "tags": " ".join(new.tags),
        "metadata": _encode(new.metadata).decode(),
        "canary": new.canary,
        "rotate_days": new.rotate_days,
        **_conditions(new.conditions),
        **_limits(new.limits),
        **_budget(new.budget),
    }


def changed_values(change: TokenChange) -> Values:
    """Give the columns that a change names."""
    written: dict[str, Any] = {
        "name": lambda name: {"name": name},
        "scopes": lambda scopes: {"scopes": " ".join(scopes)},
        "expires_at": lambda at: {"expires_at": _optional(at)},
        "limits": _limits,
        "budget": _budget,
        "conditions": _conditions,
        "tags": lambda tags: {"tags": " ".join(tags)},
        "metadata": lambda metadata: {"metadata": _encode(metadata).decode()},
        "canary": lambda canary: {"canary": canary},
        "rotate_days": lambda days: {"rotate_days": days},
    }
    values: Values = {}
    for name, write in written.items():
        value = getattr(change, name)
        if value is not msgspec.UNSET:
            values |= write(value)
    return values


def secret_values(token_id: str, new: NewSecret) -> Values:
    """Give the columns of a secret."""
    return {
        "digest": new.digest,
        "token_id": token_id,
        "pepper_id": new.pepper_id,
        "created_at": micros(new.created_at),
        "expires_at": _optional(new.ends_at),
        "hint": new.hint,
        "use": new.use.value,
    }


def first_secret(new: NewToken) -> NewSecret:
    """Give the secret that a new token begins with."""
    return NewSecret(new.digest, new.hint, new.pepper_id, new.created_at, new.secret_ends_at, new.use)


def token_of(found: Mapping[str, Any], secrets: Sequence[TokenSecret], now: datetime) -> Token:
    """Read a token from its columns, by name."""
    amount, bounds = found["budget_amount"], found["bounds"]
    return Token(
        id=found["id"],
        name=found["name"],
        kind=TokenKind(found["kind"]),
        scopes=tuple(found["scopes"].split()),
        hint=found["hint"],
        created_at=moment(found["created_at"]),
        state=state_of(found, now),
        owner=found["owner"],
        team=found["team"],
        expires_at=optional_moment(found["expires_at"]),
        revoked_at=optional_moment(found["revoked_at"]),
        last_used_at=optional_moment(found["last_used_at"]),
        limits=TokenLimits(found["requests_per_minute"], found["tokens_per_minute"], found["concurrency"]),
        budget=None if amount is None else TokenBudget(amount, found["budget_period"]),
        environment=Environment(found["environment"]),
        parent=found["parent"],
        beside=found["beside"],
        disabled_at=optional_moment(found["disabled_at"]),
        conditions=Conditions(tuple(found["networks"].split()), found["hours"]),
        bounds=tuple(bounds.split("\n")) if bounds else (),
        tags=tuple(found["tags"].split()),
        metadata=_decode_metadata(found["metadata"]),
        canary=bool(found["canary"]),
        rotate_days=found["rotate_days"],
        secrets=tuple(secrets),
        last_used_from=found["last_used_from"] or "",
        last_used_for=found["last_used_for"] or "",
    )


_TOLD = (
    *("name", "kind", "owner", "team", "environment", "parent", "beside", "scopes", "expires_at", "networks", "hours"),
    *("requests_per_minute", "tokens_per_minute", "concurrency", "budget_amount", "budget_period"),
    *("tags", "metadata", "canary", "rotate_days"),
)


def told_of(found: Mapping[str, Any]) -> Values:
    """Give what the audit log says of a token, from its columns."""
    return {name: found[name] for name in _TOLD}


def told_secret(digest: bytes) -> str:
    """Give what the audit log says of a secret: the beginning of its keyed hash."""
    return f"hmac:{digest.hex()[:16]}"


def state_of(found: Mapping[str, Any], now: datetime) -> TokenState:
    """Say whether a token opens the bridge, from its columns."""
    if found["revoked_at"] is not None:
        return TokenState.REVOKED
    if found["expires_at"] is not None and found["expires_at"] <= micros(now):
        return TokenState.EXPIRED
    return TokenState.ACTIVE if found["disabled_at"] is None else TokenState.DISABLED


def written_conditions(conditions: Sequence[Conditions]) -> str:
    """Write conditions that hold together; empty where there is none."""
    said = [one for one in conditions if one != Conditions()]
    return _encode(said).decode() if said else ""


@lru_cache(maxsize=4096)
def read_conditions(text: str) -> tuple[Conditions, ...]:
    """Read what `written_conditions` wrote.  A pure function of the text, so its result may be shared."""
    return _decode_conditions(text) if text else ()


def written_above(above: Sequence[Above]) -> str:
    """Write those above a token; empty where there is none."""
    return _encode(above).decode() if above else ""


@lru_cache(maxsize=4096)
def read_above(text: str) -> tuple[Above, ...]:
    """Read what `written_above` wrote.  A pure function of the text, so its result may be shared."""
    return _decode_above(text) if text else ()


def above_of(found: Mapping[str, Any]) -> Above:
    """Give what those below a token need to know of it, from its columns."""
    amount = found["budget_amount"]
    return Above(
        found["id"],
        TokenLimits(found["requests_per_minute"], found["tokens_per_minute"], found["concurrency"]),
        None if amount is None else TokenBudget(amount, found["budget_period"]),
    )


def optional_moment(us: int | None) -> datetime | None:
    return None if us is None else moment(us)


def _optional(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _conditions(conditions: Conditions) -> Values:
    return {"networks": " ".join(conditions.networks), "hours": conditions.hours}


def _limits(limits: TokenLimits) -> Values:
    return {
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "concurrency": limits.concurrency,
    }


def _budget(budget: TokenBudget | None) -> Values:
    return {
        "budget_amount": None if budget is None else budget.amount,
        "budget_period": None if budget is None else budget.period,
    }
