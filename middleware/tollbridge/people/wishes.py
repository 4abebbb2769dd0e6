"""What is wished of teams, people and roles, checked."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET, Struct, structs

from tollbridge.errors import BadRequest
from tollbridge.people.model import PersonChange, TeamChange
from tollbridge.tokens.wishes import checked_rotation, checked_scopes

LONGEST_NAME = 100
LONGEST_TEXT = 1000
LONGEST_EMAIL = 254
"""Characters of an address that mail can be sent to (RFC 5321, 4.5.3.1.3, less its angle brackets)."""
SLUG = "[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
"""How the name of a team or a role looks."""

C = TypeVar("C", bound=Struct)

_SLUG = re.compile(SLUG)
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")


def checked_slug(name: str) -> str:
    """Give the name of a team or a role; raises `BadRequest`."""
    if not _SLUG.fullmatch(name):
        raise BadRequest("a name is 1 to 64 small letters, digits and hyphens, none at its ends", param="name")
    return name


def checked_line(text: str, param: str, *, least: int = 0) -> str:
    """Give a line of text; raises `BadRequest`."""
    line = text.strip()
    if not least <= len(line) <= LONGEST_NAME or not line.isprintable():
        raise BadRequest(f"{param} is {least} to {LONGEST_NAME} printable characters", param=param)
    return line


def checked_description(text: str) -> str:
    """Give a text of several lines; raises `BadRequest`."""
    if len(text) > LONGEST_TEXT or not text.replace("\n", "").isprintable():
        raise BadRequest(f"a description is at most {LONGEST_TEXT} printable characters", param="description")
    return text.strip()


def checked_person_name(name: str) -> str:
    """Give the name of a person; raises `BadRequest`."""
    return checked_line(name, "name", least=1)


def checked_email(email: str) -> str:
    """Give an address as it is kept; raises `BadRequest`."""
    key = email_key(email)
    if not key:
        raise BadRequest(
            f"an e-mail address is name@example.com, in ASCII and at most {LONGEST_EMAIL} characters", param="email"
        )
    return key


def email_key(email: str) -> str:
    """Give an address in lower case, empty for what is none.

    Only ASCII is taken: letters of other scripts become an ASCII one in lower case (the Kelvin sign is a `k` then), and
    somebody else's address would be found.
    """
    key = email.strip()
    if not key.isascii() or len(key) > LONGEST_EMAIL:
        return ""
    key = key.lower()
    return key if _EMAIL.fullmatch(key) else ""


def checked_team_change(change: TeamChange) -> TeamChange:
    """Give a change of a team as it is kept; raises `BadRequest` with `param`."""
    return _checked(
        change,
        {
            "title": lambda title: checked_line(title, "title"),
            "description": checked_description,
            "scopes": checked_scopes,
            "rotate_days": checked_rotation,
        },
    )


def checked_person_change(change: PersonChange) -> PersonChange:
    """Give a change of a person as it is kept; raises `BadRequest` with `param`."""
    return _checked(change, {"name": checked_person_name, "email": checked_email})


def _checked(change: C, checks: dict[str, Callable[[Any], Any]]) -> C:
    wished = {name: getattr(change, name) for name in checks}
    return structs.replace(change, **{name: checks[name](it) for name, it in wished.items() if it is not UNSET})
