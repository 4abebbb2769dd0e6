"""Names of ours for things of others: slugs, and names of variables."""

import re
import unicodedata
from collections.abc import Container, Iterator

_NO_SLUG = re.compile("[^a-z0-9]+")
_NO_VARIABLE = re.compile("[^A-Z0-9]+")
_LONGEST = 50
"""Characters of a slug: 63 are taken, and a number may follow."""


def slug(text: str, otherwise: str = "x") -> str:
    """Give a text as a slug, `otherwise` where nothing of it can stand in one."""
    plain = unicodedata.normalize("NFKD", text[: 4 * _LONGEST]).encode("ascii", "ignore").decode("ascii").lower()
    return _NO_SLUG.sub("-", plain).strip("-")[:_LONGEST].strip("-") or otherwise


def unused(name: str, taken: Container[str]) -> str:
    """Give a name, with the first number behind it that makes it one of its own."""
    return next(one for one in _numbered(name) if one not in taken)


def variable(*parts: str) -> str:
    """Give the name of an environment variable made of some words."""
    made = "_".join(_NO_VARIABLE.sub("_", slug(part).upper()) for part in parts)
    return made if not made[0].isdigit() else f"K_{made}"


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
