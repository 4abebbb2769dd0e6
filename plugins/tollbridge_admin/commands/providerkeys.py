"""`tollbridge provider-key ...`: keys of providers that the database keeps; a key is read, and never an argument."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.spans import ends, overlap_s
from tollbridge_admin.commands.words import LimitOption, YesOption, check_sure

app = typer.Typer(help="Keep keys of providers in the database; changes hold at once.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The key's name: its provider's id by default.")]
ExpiresOption = Annotated[str, typer.Option(help="When it ends: 90d, 12h or an ISO time; you are warned before.")]
VersionOption = Annotated[int | None, typer.Option(min=1, help="Only this version.")]

_PATH = "/provider-credentials"


@app.command("set")
@placed
def put(
    where: Where,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="Its id, such as openai.")],
    name: Annotated[str, typer.Option("--name", "-n", help="Another name than the one the provider reads.")] = "",
    expires: ExpiresOption = "",
) -> None:
    """Keep a key, read from the terminal without showing it, or from standard input."""
    wish = {"provider": provider, "key": _read_key(provider), **({"name": name} if name else {}), **ends(expires)}
    with Reaching.of(where) as api:
        _show(api.ask("POST", _PATH, wish), as_json=where.as_json)


@app.command("rotate")
@placed
def rotate(
    where: Where,
    name: NameArgument,
    overlap: Annotated[
        str, typer.Option(help="How long the old one stays the fallback: now, which ends all others, 1h, 24h, 7d.")
    ] = "24h",
    expires: ExpiresOption = "",
) -> None:
    """Keep a further version of a key, read as `set` does; the old one is shown where the provider refuses it."""
    wish = {"overlap_s": overlap_s(overlap), "key": _read_key(name), **ends(expires)}
    with Reaching.of(where) as api:
        _show(api.ask("POST", f"{_PATH}/{named(name)}/rotate", wish), as_json=where.as_json)


@app.command("expire")
@placed
def expire(
    where: Where,
    name: NameArgument,
    at: Annotated[str, typer.Argument(metavar="WHEN", help="90d, 12h, an ISO time, or never.")],
    version: VersionOption = None,
) -> None:
    """Say when a live version of a key ends, the newest unless another is named."""
    said = {"expires_at": None} if at == "never" else ends(at)
    with Reaching.of(where) as api:
        found = api.ask("PATCH", f"{_PATH}/{named(name)}", {**said, **_only(version)})
    _show(found, as_json=where.as_json)


@app.command("list")
@placed
def keys(
    where: Where,
    provider: Annotated[str, typer.Option("--provider", "-p", help="Only those of this provider.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List the keys with their versions; of a key itself there are its last characters."""
    with Reaching.of(where) as api:
        found = list(api.items(_PATH, {"provider": provider or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    _print(found)


@app.command("show")
@placed
def show(where: Where, name: NameArgument) -> None:
    """Show one key with its versions."""
    with Reaching.of(where) as api:
        _show(api.ask("GET", f"{_PATH}/{named(name)}"), as_json=where.as_json)


@app.command("check")
@placed
def check(where: Where, name: NameArgument) -> None:
    """Ask the provider whether it takes each live version; ends with 1 unless it takes all."""
    with Reaching.of(where) as api:
        found = api.ask("POST", f"{_PATH}/{named(name)}/check")["items"]
    if where.as_json:
        print_json(found)
    else:
        rows = [[str(one["version"]), one["result"], one["detail"]] for one in found]
        print_table(name, ("version", "result", "why"), rows, empty="No version is live.")
    if any(one["result"] != "ok" for one in found):
        raise typer.Exit(1)


@app.command("remove")
@placed
def remove(where: Where, name: NameArgument, version: VersionOption = None, yes: YesOption = False) -> None:
    """Forget a key, or one version of it, at once; remove it at the provider too."""
    what = f"the key {name}" if version is None else f"version {version} of the key {name}"
    check_sure(f"Forget {what}? Calls do without it at once", yes=yes)
    with Reaching.of(where) as api:
        found = api.ask("POST", f"{_PATH}/{named(name)}/remove", _only(version))
    _show(found, as_json=where.as_json)


def _read_key(name: str) -> str:
    key: str = typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
    if not key.strip():
        raise typer.BadParameter("the key is empty")
    return key.strip()


def _only(version: int | None) -> dict[str, int]:
    return {} if version is None else {"version": version}


def _show(key: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(key)
        return
    _print([key])


def _print(keys: Sequence[Mapping[str, Any]]) -> None:
    columns = ("name", "provider", "version", "state", "ends with", "made", "ends", "last used")
    rows = [
        [
            key["name"],
            key["provider"] if key["in_use"] else f"{key['provider']} (does not read it)",
            str(one["version"]),
            one["state"],
            one["hint"] or "-",
            *(when_said(one[at]) for at in ("created_at", "expires_at", "last_used_at")),
        ]
        for key in keys
        for one in key["versions"]
    ]
    print_table("Keys of providers", columns, rows, empty="No key is kept.")
