"""The commands of `tollbridge service` that are about releases."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.serviceproofs import ask_for_proof, print_proof
from tollbridge_admin.commands.spans import time_meant
from tollbridge_admin.commands.words import LimitOption

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Its slug or id.")]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of the release.")]
ProveOption = Annotated[
    bool, typer.Option("--prove", help="Try it first, such as with its test set; go on only where it passes.")
]
WhyOption = Annotated[str, typer.Option("--why", help="Why; the audit log keeps it.")]

_MOVES = {
    "submit": "Ask for a release to be approved.",
    "withdraw": "Ask for it no more; an approval is gone then too.",
    "approve": "Approve a release: it may be published.",
    "refuse": "Refuse a release.",
    "unschedule": "Have a release not published by itself any more.",
    "promote": "Give a release that serves beside another its place, for callers who ask for no version.",
    "supersede": "Take a release away that serves beside another.",
}


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for name, command in (("release", release), ("releases", releases), ("publish", publish), ("schedule", schedule)):
        app.command(name)(command)
    for name, about in _MOVES.items():
        app.command(name, help=about)(_mover(name))


@placed
def release(
    where: Where,
    service: ServiceArgument,
    version: Annotated[str, typer.Option("--version", "-v", help="A name for it that callers can ask for: 1.2.0.")],
    note: Annotated[str, typer.Option(help="What is new in it.")] = "",
) -> None:
    """Make a release of the draft as it is: a copy that nobody changes any more."""
    with Reaching.of(where) as api:
        _print_one(
            api.ask("POST", f"/services/{named(service)}/releases", {"version": version, "note": note}),
            as_json=where.as_json,
        )


@placed
def releases(where: Where, service: ServiceArgument, limit: LimitOption = 20) -> None:
    """List the releases of a service, newest first; * serves who asks for no version."""
    with Reaching.of(where) as api:
        found = list(api.items(f"/services/{named(service)}/releases", most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("number", "version", "state", "created", "published", "note")
    rows = [
        [
            str(one["number"]),
            one["version"],
            one["state"] + ("*" if one["default"] else ""),
            when_said(one["created_at"]),
            when_said(one["published_at"]),
            one["note"].partition("\n")[0],
        ]
        for one in found
    ]
    print_table("Releases", columns, rows, empty="There is no release.")


@placed
def publish(
    where: Where,
    service: ServiceArgument,
    number: NumberArgument,
    *,
    beside: Annotated[bool, typer.Option("--beside", help="Beside the one that serves, for who asks for it.")] = False,
    prove: ProveOption = False,
    why: WhyOption = "",
) -> None:
    """Let a release serve, on every worker at once, in place of the one that does or beside it."""
    _act(where, service, number, "publish", {"beside": beside, "why": why}, prove=prove)


@placed
def schedule(
    where: Where,
    service: ServiceArgument,
    number: NumberArgument,
    *,
    at: Annotated[str, typer.Option("--at", help="A span such as 8h, or a time such as 2027-02-21T06:00:00Z.")],
    prove: ProveOption = False,
    why: WhyOption = "",
) -> None:
    """Have a release published by itself, at a time that lies ahead."""
    _act(where, service, number, "schedule", {"at": time_meant(at), "why": why}, prove=prove)


def _mover(name: str) -> Callable[..., None]:
    @placed
    def move(where: Where, service: ServiceArgument, number: NumberArgument, why: WhyOption = "") -> None:
        _act(where, service, number, name, {"why": why})

    return move


def _act(where: Where, service: str, number: int, action: str, wish: Mapping[str, Any], *, prove: bool = False) -> None:
    with Reaching.of(where) as api:
        if prove:
            _check_proof(ask_for_proof(api, service, number), as_json=where.as_json)
        path = f"/services/{named(service)}/releases/{number}/{action}"
        _print_one(api.ask("POST", path, wish), as_json=where.as_json)


def _check_proof(found: Mapping[str, Any], *, as_json: bool) -> None:
    """End with 1 where a trial was not passed, having said why."""
    if found["evaluation"]["passed"]:
        return
    if as_json:
        print_json(found)
    else:
        print_proof(found)
    print("tollbridge: it did not pass, so nothing was changed", file=sys.stderr)
    raise typer.Exit(1)


def _print_one(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    words = ("number", "version", "state", "default", "id", "note", "created_at", "created_by", "asked_by", "asked_why")
    more = ("decided_by", "decided_why", "publish_at", "published_at", "ended_at")
    print_fields(labelled({word: one[word] for word in (*words, *more)}))
