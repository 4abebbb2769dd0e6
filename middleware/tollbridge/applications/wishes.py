"""What is wished of applications, checked."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import UNSET, structs

from tollbridge.applications.model import ApplicationChange
from tollbridge.people.wishes import checked_description, checked_line
from tollbridge.tokens.wishes import checked_metadata, checked_scopes, checked_tags

ITS_CALLS = ("ai:*", "model:*", "service:*")
"""What a token of an application may do unless something else is said: all calls that the application may make."""
RIGHTS = ("scopes", "limits", "budget", "conditions")
"""What of a change may widen what an application may do."""


def checked_name(name: str) -> str:
    """Give the name of an application; raises `BadRequest`."""
    return checked_line(name, "name", least=1)


def checked_owner(owner: str) -> str:
    """Give whose an application is, a person's id or a text; raises `BadRequest`."""
    return checked_line(owner, "owner")


def checked_given(scopes: Iterable[str]) -> tuple[str, ...]:
    """Give scopes of the grammar, each once, none where there is none; raises `BadRequest`."""
    given = tuple(scopes)
    return checked_scopes(given) if given else ()


def checked_application_change(change: ApplicationChange) -> ApplicationChange:
    """Give a change of an application as it is kept; raises `BadRequest` with `param`."""
    wished = {name: getattr(change, name) for name in _CHECKS}
    return structs.replace(change, **{name: _CHECKS[name](it) for name, it in wished.items() if it is not UNSET})


def touches_rights(change: ApplicationChange) -> bool:
    """Whether a change may widen what an application may do."""
    return any(getattr(change, name) is not UNSET for name in RIGHTS)


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": checked_name,
    "owner": checked_owner,
    "description": checked_description,
    "scopes": checked_given,
    "tags": checked_tags,
    "metadata": checked_metadata,
}
