"""`tollbridge token leaked`: secrets of tokens that were found where everybody can read them."""

import re
import sys
from typing import Annotated

import typer

from tollbridge.cli.output import print_json
from tollbridge_admin.commands.reaching import Reaching, Where, placed

_AT_ONCE = 100
"""Secrets in one report."""


@placed
def leaked(
    where: Where,
    place: Annotated[str, typer.Option(help="Where they were found, such as a URL; goes into the audit log.")] = "",
) -> None:
    """Report secrets that were found in the open: read from standard input, any text that holds them.

    What is done with their tokens is for [leaked] action to say; the output does not tell which were ours.
    """
    text = sys.stdin.read()
    with Reaching.of(where) as api:
        pattern = re.compile(api.ask("GET", "/secret-pattern")["pattern"])
        found = list(dict.fromkeys(pattern.findall(text)))
        for start in range(0, len(found), _AT_ONCE):
            api.ask("POST", "/leaked", {"tokens": found[start : start + _AT_ONCE], "place": place})
    if where.as_json:
        print_json({"reported": len(found)})
        return
    print(f"reported {len(found)} {'secret' if len(found) == 1 else 'secrets'}")
