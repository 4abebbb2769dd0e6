"""Commands that do one thing to one object, by a route that is called as they are: `disable`, `enable`, `remove`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from tollbridge.cli.asking import Asking, Refused
from tollbridge_admin.commands.reaching import Reaching, Where, placed
from tollbridge_admin.commands.words import YesOption, check_sure

_NOT_FOUND = 404


def check_meant(api: Asking, path: str, question: str, *, yes: bool) -> None:
    """Ask whether what is at a path is meant, unless that was said; nobody is asked about what is not there.

    Raises `Refused` (404) for that, and ends with 130 where it is not meant.
    """
    if not yes:
        try:
            api.ask("GET", path)
        except Refused as exc:
            if exc.status == _NOT_FOUND:  # who may not look may act all the same
                raise
    check_sure(question, yes=yes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Adds such commands to the group of a kind of objects.

    One is named by an argument, shown as `metavar` with the text `help`; `path` gives where it is, `show` prints it.
    """

    app: typer.Typer
    metavar: str
    help: str | None = None
    path: Callable[[Asking, str], str]
    show: Callable[..., None]

    def does(self, name: str, about: str, *, sure: str = "") -> None:
        """Add a command; where `sure` is a question about `{}` it asks that first."""
        argument: Any = typer.Argument(metavar=self.metavar, help=self.help)

        def act(where: Where, one: str, *, yes: bool) -> None:
            with Reaching.of(where) as api:
                path = self.path(api, one)
                check_meant(api, path, sure.format(one), yes=yes)
                self.show(api.ask("POST", f"{path}/{name}"), as_json=where.as_json)

        @placed
        def asking(where: Where, one: str = argument, yes: YesOption = False) -> None:
            act(where, one, yes=yes)

        @placed
        def plain(where: Where, one: str = argument) -> None:
            act(where, one, yes=True)

        self.app.command(name, help=about)(asking if sure else plain)
