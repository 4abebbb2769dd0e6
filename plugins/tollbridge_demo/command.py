"""The command: set up, serve, call once each way, then stay until Ctrl-C."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port of 127.0.0.1.")] = 8800,
    tour_only: Annotated[bool, typer.Option("--tour-only", help="Stop after the first calls.")] = False,
) -> None:
    """Run a real local model and a real service behind one gateway, and call both."""
    from tollbridge import load_config
    from tollbridge_demo.running import run_demo  # brings FastAPI and the whole gateway

    run_demo(port, data=Path(load_config({}).data), tour_only=tour_only)
