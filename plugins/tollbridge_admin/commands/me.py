"""`tollbridge me`: who asks, and what it may do."""

from collections.abc import Iterator
from textwrap import wrap

from tollbridge.cli.output import filled, harmless, print_json
from tollbridge_admin.commands.reaching import Reaching, Where, placed

_WIDE = 100
"""Columns of what is a list of words."""


@placed
def me(where: Where) -> None:
    """Show who asks: the token, and what it may do with the admin API."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/me")
    if where.as_json:
        print_json(found)
        return
    lines = [(word, filled(found[word])) for word in ("id", "name", "kind", "owner", "team", "environment")]
    lines += _wrapped("scopes", found["scopes"])
    for bound in found["within"]:
        lines += _wrapped("within", bound)
    for label, text in [*lines, *_wrapped("may", found["operations"])]:
        print(f"{label:<11}  {harmless(text)}")


def _wrapped(label: str, words: list[str]) -> Iterator[tuple[str, str]]:
    """Give the lines of a list of words, the first with its label."""
    for line in wrap(" ".join(words), _WIDE, break_long_words=False, break_on_hyphens=False) or ["-"]:
        yield label, line
        label = ""
