"""The words an explanation is made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from tollbridge.tokens.model import Principal

Value = str | int | float | bool | None


class Decided(StrEnum):
    """What one layer made of the call."""

    PASSES = "passes"
    REFUSES = "refuses"
    NOT_REACHED = "not_reached"
    """Another refused before it."""
    NOT_ASKED = "not_asked"
    """It does not say that asking it has no effect."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at.

    `holds` is None for what refuses nobody, or was not asked. `of` is the token whose rule it is, `bridge` for one of
    the bridge's own, empty where it is nobody's. `values` are its numbers as they stand now. `change` says what would
    have to change where it does not hold.
    """

    kind: str
    says: str
    holds: bool | None = None
    of: str = ""
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)
    change: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What one layer decided, and by which rules; `origin` is `tollbridge`, or `plugin` for a plugin's."""

    layer: str
    origin: str
    decided: Decided
    rules: Sequence[Rule] = ()


class Refusal(msgspec.Struct, frozen=True):
    """The first refusal: what the caller would be told, and what would have to change.

    `retry_after_s` is None where waiting does not help.
    """

    layer: str
    status: int
    code: str
    message: str
    change: str
    retry_after_s: float | None = None


class Subject(msgspec.Struct, frozen=True):
    """Who would call.  `principal` is None where no call of theirs gets in; `id` is empty where nobody knows them."""

    id: str = ""
    principal: Principal | None = None


class Explanation(msgspec.Struct, frozen=True):
    """What would become of a call.

    `crosses` says whether every layer that was asked lets it pass; `unsure` names policies and layers that were not.
    `notes` say what was assumed.
    """

    at: datetime
    crosses: bool
    findings: Sequence[Finding]
    refusal: Refusal | None
    unsure: Sequence[str]
    notes: Sequence[str]
