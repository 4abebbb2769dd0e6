"""The commands: set up, serve, call once each way, then stay until Ctrl-C; or give another gateway a beginning."""

from pathlib import Path
from typing import Annotated

import typer

from tollbridge.cli.output import HereOption


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port of 127.0.0.1.")] = 8800,
    tour_only: Annotated[bool, typer.Option("--tour-only", help="Stop after the first calls.")] = False,
) -> None:
    """Run a real local model and a real service behind one gateway, and call both."""
    from tollbridge import load_config
    from tollbridge_demo.running import run_demo  # brings FastAPI and the whole gateway

    run_demo(port, data=Path(load_config({}).data), tour_only=tour_only)


def begin_with(
    model: Annotated[str, typer.Option("--model", "-m", help="What the prompt API asks; see `tollbridge models`.")],
    upstream: Annotated[
        str, typer.Option(help="Where the REST service leads; without one its answers are made up from its document.")
    ] = "",
    config: HereOption = None,
) -> None:
    """Give a fresh gateway something to begin with: a team, an application, a prompt API and a REST service.

    What is there already stays as it is. In a gateway that has services of its own nothing is made.
    """
    from tollbridge_demo.beginning import begin  # brings the whole gateway

    begin(config, model=model, upstream=upstream)
