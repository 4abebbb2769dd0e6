"""`tollbridge app-routes`: an app's routes as a service to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from tollbridge.cli.output import print_json


def app_routes(
    app: Annotated[str, typer.Argument(metavar="MODULE:NAME", help="The app, as a server is told it: shop.main:app.")],
    prefix: Annotated[str, typer.Option(help="Only what is below this path, which no URL of the service has.")] = "",
    folder: Annotated[Path, typer.Option(help="Where its module is.")] = Path(),
) -> None:
    """Write what a Starlette or FastAPI app answers as a service of the kind app, as a file for --file.

    The module is imported, so its code runs. What is written holds the app's own description as it is now.
    """
    from tollbridge_routes.app.drafting import draft_of
    from tollbridge_routes.finding import find_app

    drafted = draft_of(find_app(app, folder), prefix.rstrip("/"))
    if drafted is None:
        raise typer.BadParameter("it shows no routes: it is no app of Starlette or FastAPI", param_hint="MODULE:NAME")
    print_json(drafted.design)
    for sentence in drafted.left_out:
        typer.echo(sentence, err=True)
