"""From a command to the admin API, on this machine or elsewhere, with the same paths and the same JSON.

A command file is a Typer app whose functions begin with where they work, which the options at their end say, and ask
within a `with` block; `me.py` is a whole one:

    app = typer.Typer(help="Teams.", no_args_is_help=True)

    @app.command("show")
    @placed
    def show(where: Where, team_id: Annotated[str, typer.Argument()]) -> None:
        \"\"\"Show one team.\"\"\"
        with Reaching.of(where) as api:
            team = api.ask("GET", f"/teams/{named(team_id)}")
        ...

`ask(method, path, body, query, headers=...)` gives the JSON of the answer, None where there is none. What the API
refuses is raised as `Refused`, a `SetupError` with the API's own sentence: let it pass, the program prints it and ends
with 1, or with 3 where the API said 404. `pages(path, query)` gives the pages of a list, `items(path, query, most=...)`
what is on them; `send` gives the whole `Reply`, for its headers. Times come as ISO text: show them with `when_said`.
Register the app in `register_commands` of the package (`__init__.py`), and list no import but the lazy ones here:
command files load with every command, so they import Typer, `tollbridge.cli.output` and this file alone.

On this machine the API runs in this process with all rights (`operating`): the gateway of the configuration is opened,
its store and its services, and nothing is served or started. So a service that commands need is made in
`Gateway._open`, and what runs beside it (a scheduler) begins in `Gateway.start`. A resource that gives rights away
passes `minter=asked.minter`, which is None for the operator, and records `by=asked.actor`.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tollbridge.cli.output import check_one_place, when
from tollbridge.cli.places import Where, placed

if TYPE_CHECKING:
    from tollbridge.cli.asking import Asking

__all__ = ["Reaching", "Where", "named", "placed", "when_said"]


class Reaching:
    """The way to the API that the options name: a gateway elsewhere by its URL and a token, else the configured one.

    What the `with` block is given asks. Raises a usage error where both are named, or a token alone, and `SetupError`
    where the gateway cannot be opened.
    """

    def __init__(self, config: Path | None = None, url: str = "", token: str = "") -> None:
        check_one_place(config, url, token)
        self._config = config
        self._url = url
        self._token = token
        self._ways = ExitStack()

    @classmethod
    def of(cls, where: Where) -> "Reaching":
        """Give the way that a command's options name."""
        return cls(where.config, where.url, where.token)

    def __enter__(self) -> "Asking":
        if self._url:
            from tollbridge.cli.remote import Remote

            return self._ways.enter_context(Remote(self._url, self._token))
        from tollbridge_admin.operating import Operating

        return self._ways.enter_context(Operating(self._config))

    def __exit__(self, *exc: object) -> None:
        self._ways.close()


def named(id: str) -> str:
    """Give an id as it stands in a path."""
    return quote(id, safe="")


when_said = when
"""Shows a time that the API said, in UTC to the minute, `-` for none."""
