"""`tollbridge client key ...` and `tollbridge token key ...`: keys to sign requests with, below a client or a token."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.requests import read_text
from tollbridge_admin.commands.spans import ends, overlap_s
from tollbridge_admin.commands.words import YesOption

HolderArgument = Annotated[str, typer.Argument(metavar="ID", help="Whose key it is.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, which signatures name.")]
PublicOption = Annotated[
    str, typer.Option("--public-key", help="The public half of a key of yours: @FILE with PEM or a JWK, or -.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="A new file for the secret; without it, it is printed, this once.")
]


app = typer.Typer(help="Keys to sign requests with.", no_args_is_help=True)


@app.command("add")
@placed
def add(
    where: Where,
    ctx: typer.Context,
    holder: HolderArgument,
    way: Annotated[str, typer.Option("--kind", "-k", help="signature, hmac or aksk.")] = "signature",
    algorithm: Annotated[str, typer.Option(help="Another than the first of its kind, such as rsa-pss-sha512.")] = "",
    public_key: PublicOption = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h or an ISO time.")] = "",
    out: OutOption = None,
) -> None:
    """Add a key; without --public-key its secret is made and given this once."""
    _check_new(out)
    wish = {"kind": way, **ends(expires), **_public(public_key), **({"algorithm": algorithm} if algorithm else {})}
    with Reaching.of(where) as api:
        _give(api.ask("POST", _path(ctx, holder), wish), out, as_json=where.as_json)


@app.command("list")
@placed
def keys(where: Where, ctx: typer.Context, holder: HolderArgument) -> None:
    """List the keys that sign."""
    with Reaching.of(where) as api:
        found = api.ask("GET", _path(ctx, holder))["items"]
    if where.as_json:
        print_json(found)
    else:
        _print(found)


@app.command("rotate")
@placed
def rotate(
    where: Where,
    ctx: typer.Context,
    holder: HolderArgument,
    key: KeyArgument,
    overlap: Annotated[str, typer.Option(help="How long the old one signs: now, 1h, 24h, 7d.")] = "24h",
    public_key: PublicOption = "",
    out: OutOption = None,
) -> None:
    """Add a key of the same kind; the one before signs for the overlap."""
    _check_new(out)
    wish = {"overlap_s": overlap_s(overlap), **_public(public_key)}
    with Reaching.of(where) as api:
        _give(api.ask("POST", f"{_path(ctx, holder)}/{named(key)}/rotate", wish), out, as_json=where.as_json)


@app.command("remove")
@placed
def remove(where: Where, ctx: typer.Context, holder: HolderArgument, key: KeyArgument, yes: YesOption = False) -> None:
    """Forget a key, at once: nothing it signs is taken any more."""
    path = f"{_path(ctx, holder)}/{named(key)}"
    with Reaching.of(where) as api:
        question = f"Forget the key {key}? What it signs is refused at once"
        check_meant(api, path, question, yes=yes)
        found = api.ask("POST", f"{path}/remove")
    if where.as_json:
        print_json(found)
    else:
        print(f"removed {found['id']}")


def _path(ctx: typer.Context, holder: str) -> str:
    """Give the path of somebody's keys: whose they are is the word before `key`, `client` or `token`."""
    whose = ctx.find_root().invoked_subcommand
    return f"/{whose}s/{named(holder)}/credentials"


def _public(said: str) -> Mapping[str, str]:
    return {"public_key": read_text(said, "--public-key")} if said else {}


def _check_new(out: Path | None) -> None:
    """Refuse a file that is there or cannot be made, before there is a secret; raises a usage error."""
    if out is not None and (out.exists() or not out.parent.is_dir()):
        raise typer.BadParameter(f"{out} must be a new file in a folder that is there", param_hint="--out")


def _give(key: Mapping[str, Any], out: Path | None, *, as_json: bool) -> None:
    """Show a key, its secret in the file if there is one, else once on the terminal."""
    secret = key["secret"]
    if out is not None and secret is not None:
        out.touch(mode=0o600, exist_ok=False)
        out.write_text(secret if secret.endswith("\n") else f"{secret}\n", "utf-8")
        key = {**key, "secret": None}
    if as_json:
        print_json(key)
        return
    _print([key])
    if out is not None and secret is not None:
        print(f"its secret is in {out}")
    elif secret is not None:
        print(f"\nIts secret, shown this once:\n{secret}")


def _print(keys: Sequence[Mapping[str, Any]]) -> None:
    columns = ("id", "kind", "algorithm", "made", "ends")
    rows = [
        [key["id"], key["kind"], key["algorithm"], when_said(key["created_at"]), when_said(key["expires_at"])]
        for key in keys
    ]
    print_table("Keys", columns, rows, empty="There is no key.")
