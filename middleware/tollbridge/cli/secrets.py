"""`tollbridge secret ...`: provider keys kept encrypted in the data folder, named by `api_key = "stored:NAME"`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollbridge.cli import sealing
from tollbridge.cli.later import read_config
from tollbridge.cli.output import HereOption, JsonOption, print_json
from tollbridge.clock import SystemClock
from tollbridge.data import DataFolder

if TYPE_CHECKING:
    from tollbridge.vault import Vault

app = typer.Typer(help="Keep provider keys, encrypted, and the keys they are encrypted with.", no_args_is_help=True)
app.command("keys")(sealing.keys)
app.command("rotate-key")(sealing.rotate)
app.command("rewrap")(sealing.rewrap)
app.command("drop-key")(sealing.drop)


def _vault(config: Path | None) -> "Vault":
    from tollbridge.cli.offline import rings_of
    from tollbridge.vault import Box, Vault  # brings cryptography

    loaded = read_config(config)
    return Vault(DataFolder(loaded.data), Box(rings_of(loaded, SystemClock()).keys))


@app.command("set")
def put(name: Annotated[str, typer.Argument()], config: HereOption = None, as_json: JsonOption = False) -> None:
    """Store a secret, read from the terminal without showing it, or from standard input."""
    vault = _vault(config)
    value = typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        raise typer.BadParameter("the secret is empty")
    vault.put(name, value.strip())
    if as_json:
        print_json({"name": name, "api_key": f"stored:{name}"})
        return
    print(f'stored; use it with: api_key = "stored:{name}"')


@app.command("list")
def names(config: HereOption = None, as_json: JsonOption = False) -> None:
    """List the names of stored secrets."""
    found = _vault(config).names()
    if as_json:
        print_json(found)
        return
    print("\n".join(found) or "Nothing is stored.")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument()], config: HereOption = None) -> None:
    """Forget a stored secret."""
    if not _vault(config).remove(name):
        print(f"tollbridge: no secret {name!r} is stored", file=sys.stderr)
        raise typer.Exit(3)
    print("removed")
