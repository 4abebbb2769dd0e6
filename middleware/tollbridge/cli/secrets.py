"""`tollbridge secret ...`: provider keys kept encrypted in the data folder, named by `api_key = "stored:NAME"`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollbridge.cli.later import read_config
from tollbridge.cli.output import ConfigOption, JsonOption, print_json
from tollbridge.data import DataFolder

if TYPE_CHECKING:
    from tollbridge.vault import Vault

app = typer.Typer(help="Keep provider keys, encrypted.", no_args_is_help=True)


def _vault(config: Path | None) -> "Vault":
    from tollbridge.vault import Vault  # brings cryptography

    return Vault(DataFolder(read_config(config).data))


@app.command("set")
def put(name: Annotated[str, typer.Argument()], config: ConfigOption = None, as_json: JsonOption = False) -> None:
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
def names(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the names of stored secrets."""
    found = _vault(config).names()
    if as_json:
        print_json(found)
        return
    print("\n".join(found) or "Nothing is stored.")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument()], config: ConfigOption = None) -> None:
    """Forget a stored secret."""
    if not _vault(config).remove(name):
        print(f"tollbridge: no secret {name!r} is stored", file=sys.stderr)
        raise typer.Exit(3)
    print("removed")
