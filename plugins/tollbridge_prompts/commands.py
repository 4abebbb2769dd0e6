"""`tollbridge prompt-starter`: a whole prompt API to begin with."""

from typing import Annotated

import typer

from tollbridge.cli.output import print_json
from tollbridge_prompts.starting import STARTERS, starter


def prompt_starter(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(STARTERS)}.")],
    model: Annotated[str, typer.Option(help="The model that answers.")] = "",
) -> None:
    """Write a prompt API with its test set, as a file for --file.

    Without a model it is a draft that cannot be published.
    """
    if name not in STARTERS:
        raise typer.BadParameter(f"it is one of {', '.join(STARTERS)}", param_hint="NAME")
    design = starter(name)
    print_json({**design, "definition": {**design["definition"], "model": model}})
