"""Whether a service that was carried over could be published as it is: its kind says so."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tollbridge_migrate.placing import installed_kinds

_MOST = 5


def lacking(kind: str, design: Mapping[str, Any]) -> str:
    """Say what keeps a design from being published, empty for nothing; one of a kind that is not installed waits."""
    of = installed_kinds().get(kind)
    if of is None:
        return f"the kind {kind} is not installed"
    try:
        definition = msgspec.convert(design["definition"], of.definition)
    except msgspec.ValidationError as exc:
        return f"definition: {exc}"
    named = [] if str(design.get("name", "")).strip() else ["name: give it one that people read"]
    found = [f"{one.field}: {one.message}" for one in of.check(definition) if not one.warning]
    return "; ".join([*named, *found][:_MOST])
