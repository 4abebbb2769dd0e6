"""`tollbridge client ...`: OAuth clients and service accounts."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands import signingkeys
from tollbridge_admin.commands.acting import Acting
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.requests import read_json, read_text
from tollbridge_admin.commands.spans import ends, overlap_s
from tollbridge_admin.commands.words import (
    BudgetOption,
    ConcurrencyOption,
    HoursOption,
    LimitOption,
    NetworkOption,
    RotateDaysOption,
    RpmOption,
    ScopeOption,
    SearchOption,
    TpmOption,
    counts,
    money,
    money_said,
    wished,
)

app = typer.Typer(help="Make service accounts and OAuth clients, and change them.", no_args_is_help=True)
app.add_typer(signingkeys.app, name="key")

ClientArgument = Annotated[str, typer.Argument(metavar="ID", help="The client_id.")]
GrantOption = Annotated[list[str] | None, typer.Option("--grant", help="How it comes by tokens; several times.")]
RedirectOption = Annotated[
    list[str] | None, typer.Option("--redirect-uri", help="Where people are sent back to; several times.")
]
AuthOption = Annotated[
    str, typer.Option("--auth", help="client_secret_basic, client_secret_post, private_key_jwt or none.")
]
KeysUrlOption = Annotated[str, typer.Option("--keys-url", help="Where its JWKS is, for private_key_jwt.")]
KeysOption = Annotated[
    str, typer.Option("--keys", help="Its JWKS, for private_key_jwt: @FILE, or - for standard input.")
]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="A word of yours; several times.")]
_NO_MORE = {
    **{"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "concurrency", "budget": "budget"},
    **{"from": "from", "hours": "hours", "rotate-days": "rotate_days", "expiry": "expires_at", "tags": "tags"},
    **{"redirect-uris": "redirect_uris", "keys": "keys", "keys-url": "keys_url"},
}


@app.command("create")
@placed
def create(
    where: Where,
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for.")],
    scope: ScopeOption = None,
    auth: AuthOption = "",
    grant: GrantOption = None,
    redirect_uri: RedirectOption = None,
    keys: KeysOption = "",
    keys_url: KeysUrlOption = "",
    trusted: Annotated[bool, typer.Option("--trusted", help="People are not asked.")] = False,
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    team: Annotated[str, typer.Option(help="Whose it is.")] = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h or an ISO time.")] = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
    rotate_days: RotateDaysOption = None,
) -> None:
    """Make a client; its secret, if it has one, is printed this once.  Without --grant it is a service account."""
    said = {"name": name, "scopes": scope, "auth_method": auth, "grants": grant, "redirect_uris": redirect_uri}
    more = {"keys": _keys(keys), "keys_url": keys_url, "trusted": trusted, "owner": owner, "team": team, "tags": tag}
    bounds = {"budget": money(budget), "from": networks, "hours": hours, **ends(expires)}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    with Reaching.of(where) as api:
        _give(api.ask("POST", "/clients", wished({**said, **more, **bounds}) | numbers), as_json=where.as_json)


@app.command("list")
@placed
def clients(
    where: Where,
    search: SearchOption = "",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List clients, newest first."""
    with Reaching.of(where) as api:
        found = list(api.items("/clients", {"q": search or None, "team": team or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("id", "name", "state", "team", "proves by", "scopes", "last used")
    rows = [
        [
            *(one["id"], one["name"], one["state"], one["team"] or "-", one["auth_method"]),
            *(" ".join(one["scopes"]), when_said(one["last_used_at"])),
        ]
        for one in found
    ]
    print_table("Clients", columns, rows, empty="There is no client.")


@app.command("show")
@placed
def show(where: Where, client: ClientArgument) -> None:
    """Show one client."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(client)), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    client: ClientArgument,
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for.")] = "",
    scope: ScopeOption = None,
    grant: GrantOption = None,
    redirect_uri: RedirectOption = None,
    keys: KeysOption = "",
    keys_url: KeysUrlOption = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h or an ISO time.")] = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
    rotate_days: RotateDaysOption = None,
    no: Annotated[list[str] | None, typer.Option("--no", help="Take away: budget, expiry, from, ...")] = None,
) -> None:
    """Change what the options name, at once; lists are replaced as a whole."""
    said = {"name": name, "scopes": scope, "grants": grant, "redirect_uris": redirect_uri}
    more = {"keys": _keys(keys), "keys_url": keys_url}
    bounds = {"budget": money(budget), "from": networks, "hours": hours, "tags": tag, **ends(expires)}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    change = wished({**said, **more, **bounds}, no or (), _NO_MORE) | numbers
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", _path(client), change), as_json=where.as_json)


@app.command("rotate-secret")
@placed
def rotate_secret(
    where: Where,
    client: ClientArgument,
    overlap: Annotated[str, typer.Option(help="How long the old one opens: now, 1h, 24h, 7d.")] = "24h",
) -> None:
    """Give a client a further secret; the one before opens for the overlap."""
    with Reaching.of(where) as api:
        found = api.ask("POST", f"{_path(client)}/rotate-secret", {"overlap_s": overlap_s(overlap)})
    _give(found, as_json=where.as_json)


def _keys(said: str) -> Any:
    return read_json(read_text(said, "--keys"), "--keys") if said else None


def _path(client: str) -> str:
    return f"/clients/{named(client)}"


def _give(client: Mapping[str, Any], *, as_json: bool) -> None:
    """Show a client, and its secret this once."""
    _print_one(client, as_json=as_json)
    if not as_json and client["secret"] is not None:
        print(f"\nIts secret, shown this once:\n{client['secret']}")


def _print_one(client: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(client)
        return
    words = ("id", "name", "state", "owner", "team", "auth_method", "keys_url", "about_url", "access_s", "refresh_s")
    lists = ("scopes", "grants", "redirect_uris", "from", "tags")
    more = ("budget", "trusted", "created_at", "expires_at", "last_used_at", "secrets")
    said = {
        "budget": money_said(client["budget"]),
        "trusted": "yes, people are not asked" if client["trusted"] else "no",
        "secrets": ", ".join(f"{one['hint']} until {when_said(one['expires_at'])}" for one in client["secrets"]),
    }
    print_fields(labelled({word: said.get(word, client[word]) for word in (*words, *lists, *more)}))


_ACTING = Acting(app=app, metavar="ID", help="The client_id.", path=lambda api, id: _path(id), show=_print_one)
_ACTING.does("disable", "Switch a client and all of its grants off, at once, until it is enabled.")
_ACTING.does("enable", "Switch a client on again, and what was disabled with it.")
_ACTING.does(
    "revoke",
    "End a client, all of its grants and its keys, at once and for good.",
    sure="Revoke {}? All that was granted to it ends",
)
