"""`tollbridge webhook ...`: who is told of what happens, and what became of it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import (
    Reaching,
    Where,
    named,
    placed,
    when_said,
)
from tollbridge_admin.commands.spans import overlap_s
from tollbridge_admin.commands.words import LimitOption, YesOption

app = typer.Typer(help="Tell others what happens here: signed messages to a URL of theirs.", no_args_is_help=True)

HookArgument = Annotated[str, typer.Argument(metavar="ID")]
NameOption = Annotated[str, typer.Option("--name", "-n", help="What it is for.")]
EventOption = Annotated[
    list[str] | None,
    typer.Option("--event", "-e", help="What it is told of: token.rotate, token.* or *; may be given several times."),
]
PrivateOption = Annotated[
    bool | None, typer.Option("--private/--public", help="Whether it may be on a private address.")
]
OverlapOption = Annotated[str, typer.Option(help="How long the old secret signs too: now, 1h, 24h, 7d.")]


@app.command("create")
@placed
def create(
    where: Where,
    hook_url: Annotated[
        str, typer.Argument(metavar="HOOK_URL", help="Where messages are sent: https://..., or mailto:...")
    ],
    name: NameOption,
    event: EventOption = None,
    team: Annotated[str, typer.Option(help="Tell it of this team alone.")] = "",
    private: PrivateOption = None,
) -> None:
    """Make a webhook; the secret that its messages are signed with is printed once."""
    wish: dict[str, Any] = {"name": name, "url": hook_url, "events": event or ["*"], "team": team}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/webhooks", wish | _private(private)), as_json=where.as_json)


@app.command("list")
@placed
def hooks(
    where: Where,
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List webhooks, newest first."""
    with Reaching.of(where) as api:
        found = list(api.items("/webhooks", {"team": team} if team else None, most=limit))
    if where.as_json:
        print_json(found)
        return
    rows = [[one["id"], one["name"], one["url"], " ".join(one["events"]), one["team"], _state(one)] for one in found]
    print_table("Webhooks", ("id", "name", "url", "events", "team", "state"), rows, empty="There is no webhook.")


@app.command("show")
@placed
def show(where: Where, webhook_id: HookArgument) -> None:
    """Show one webhook."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", f"/webhooks/{named(webhook_id)}"), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    webhook_id: HookArgument,
    name: NameOption = "",
    hook_url: Annotated[str, typer.Option("--hook-url", help="Where messages are sent from now on.")] = "",
    event: EventOption = None,
    private: PrivateOption = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether anything is sent.")] = None,
) -> None:
    """Change what the options name and leave the rest."""
    said = {"name": name, "url": hook_url, "events": event}
    patch: dict[str, Any] = {field: value for field, value in said.items() if value} | _private(private)
    if enabled is not None:
        patch["disabled"] = not enabled
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", f"/webhooks/{named(webhook_id)}", patch), as_json=where.as_json)


@app.command("remove")
@placed
def remove(where: Where, webhook_id: HookArgument, yes: YesOption = False) -> None:
    """Forget a webhook and all messages to it."""
    path = f"/webhooks/{named(webhook_id)}"
    with Reaching.of(where) as api:
        check_meant(api, path, f"Forget the webhook {webhook_id}?", yes=yes)
        found = api.ask("POST", f"{path}/remove")
    if where.as_json:
        print_json(found)
    else:
        print(f"{webhook_id} is forgotten")


@app.command("rotate-secret")
@placed
def rotate_secret(where: Where, webhook_id: HookArgument, overlap: OverlapOption = "24h") -> None:
    """Make another secret, printed once; messages are signed with both for the overlap."""
    wish = {"overlap_s": overlap_s(overlap)}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", f"/webhooks/{named(webhook_id)}/rotate-secret", wish), as_json=where.as_json)


@app.command("test")
@placed
def send_test(where: Where, webhook_id: HookArgument) -> None:
    """Send a message that says nothing; `webhook deliveries` shows soon what became of it."""
    with Reaching.of(where) as api:
        _print_delivery(api.ask("POST", f"/webhooks/{named(webhook_id)}/test"), as_json=where.as_json)


@app.command("deliveries")
@placed
def deliveries(where: Where, webhook_id: HookArgument, limit: LimitOption = 20) -> None:
    """List the messages to a webhook, newest first, without what they say."""
    with Reaching.of(where) as api:
        found = list(api.items(f"/webhooks/{named(webhook_id)}/deliveries", most=limit))
    if where.as_json:
        print_json(found)
        return
    rows = [
        [one["id"], one["event"], one["state"], str(one["attempts"]), one["outcome"] or "-", when_said(one["next_at"])]
        for one in found
    ]
    heads = ("id", "event", "state", "attempts", "outcome", "next")
    print_table("Messages", heads, rows, empty="There is no message.")


@app.command("redeliver")
@placed
def redeliver(
    where: Where,
    webhook_id: HookArgument,
    delivery_id: Annotated[str, typer.Argument(metavar="MESSAGE")],
) -> None:
    """Send a message again, unless it held a secret."""
    with Reaching.of(where) as api:
        sent = api.ask("POST", f"/webhooks/{named(webhook_id)}/redeliver", {"delivery": delivery_id})
    _print_delivery(sent, as_json=where.as_json)


def _private(private: bool | None) -> dict[str, Any]:
    return {} if private is None else {"allow_private": private}


def _state(one: Mapping[str, Any]) -> str:
    return "disabled" if one["disabled"] else "active"


def _print_one(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    words = {"id": one["id"], "name": one["name"], "url": one["url"], "events": " ".join(one["events"])}
    more = {"team": one["team"], "private": one["allow_private"], "state": _state(one)}
    secret = {"secret": one["secret"]} if "secret" in one else {}
    print_fields({**words, **more, "created": when_said(one["created_at"]), **secret})


def _print_delivery(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    print_fields({name: one[name] for name in ("id", "event", "state", "attempts", "outcome")})
