"""`tollbridge admin-link`: a fresh link that signs in."""

import json
from pathlib import Path
from typing import Annotated

import typer


def admin_link(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The configuration; else TOLLBRIDGE_CONFIG, else ./tollbridge.toml."),
    ] = None,
    base_url: Annotated[
        str, typer.Option(help="Where the gateway is reached; else its public URL, else its host and port.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a link that signs in to the dashboard once, within 15 minutes."""
    from tollbridge import ConfigError, DataFolder, SystemClock, load_config
    from tollbridge_signin.door import Door, link

    loaded = load_config(config)
    server = loaded.server
    if not server.prefix:
        raise ConfigError('the dashboard is switched off by server.prefix = ""; give it a prefix')
    door = Door(DataFolder(loaded.data).secret("admin.key"), loaded.data, SystemClock())
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    base = base_url.rstrip("/") or server.public_url or f"http://{host}:{server.port}"
    url = link(f"{base}{server.prefix}", door.make_code())
    print(json.dumps({"url": url}) if as_json else url)
