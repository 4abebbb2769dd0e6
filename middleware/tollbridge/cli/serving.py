"""`tollbridge serve`."""

from typing import Annotated

import typer

from tollbridge.cli.output import ConfigOption


def serve(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Listen here; else [server] host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Listen on this port; else [server] port.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; else [server] workers.")] = None,
) -> None:
    """Run the gateway until Ctrl-C or SIGTERM; running calls are settled before it ends."""
    from tollbridge.serving import run_server  # brings uvicorn and the whole gateway

    changes = {"host": host, "port": port, "workers": workers}
    run_server(config, {name: value for name, value in changes.items() if value is not None})
