"""`tollbridge service ...`: what is published, from its first draft to its end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge.cli.asking import Asking, Refused
from tollbridge.cli.output import harmless, labelled, print_fields, print_json, print_table
from tollbridge_admin.commands import analytics, serviceproofs, servicereleases
from tollbridge_admin.commands.acting import Acting, check_meant
from tollbridge_admin.commands.designfiles import read_design, whole
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed
from tollbridge_admin.commands.spans import time_meant
from tollbridge_admin.commands.words import LimitOption, SearchOption, YesOption

app = typer.Typer(help="Write, publish, compare and end services.", no_args_is_help=True)
servicereleases.add_to(app)
app.add_typer(analytics.services)
serviceproofs.add_to(app)

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Its slug or id.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="The whole of what it is made of, as JSON, YAML or TOML; - for standard input."),
]
TeamOption = Annotated[str, typer.Option(help="The team that owns it.")]
SuccessorOption = Annotated[str, typer.Option(help="The slug of the service that takes its place.")]
ReleaseOption = Annotated[int | None, typer.Option("--release", min=1, help="The number of a release.")]


@app.command("list")
@placed
def services(
    where: Where,
    search: SearchOption = "",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    kind: Annotated[str, typer.Option(help="Only those of this kind.")] = "",
    state: Annotated[str, typer.Option(help="draft, review, published, deprecated or retired.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List services by their slugs."""
    query = {"q": search or None, "team": team or None, "kind": kind or None, "state": state or None}
    with Reaching.of(where) as api:
        found = list(api.items("/services", query, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("slug", "kind", "state", "team", "name", "url")
    rows = [[_state(one) if name == "state" else one[name] for name in columns] for one in found]
    print_table("Services", columns, rows, empty="There are no services.")


@app.command("show")
@placed
def show(
    where: Where,
    service: ServiceArgument,
    draft: Annotated[bool, typer.Option("--draft", help="What it is made of, as a file for --file.")] = False,
    release: ReleaseOption = None,
) -> None:
    """Show a service; with --draft or --release what it is made of, as JSON."""
    if draft and release is not None:
        raise typer.BadParameter("it is the draft or a release", param_hint="--draft")
    with Reaching.of(where) as api:
        if draft:
            print_json(api.ask("GET", f"{_path(service)}/draft")["draft"])
        elif release is not None:
            print_json(api.ask("GET", f"{_path(service)}/releases/{release}")["design"])
        else:
            _print_one(api.ask("GET", _path(service)), as_json=where.as_json)


@app.command("create")
@placed
def create(
    where: Where,
    slug: Annotated[str, typer.Argument(help="Small letters, digits and hyphens: part of its URL.")],
    kind: Annotated[str, typer.Option("--kind", "-k", help="One of `tollbridge service kinds`.")],
    file: FileOption = None,
    team: TeamOption = "",
) -> None:
    """Begin a service; nothing of it serves before a release is published."""
    wish = {"slug": slug, "kind": kind, "team": team, "draft": {} if file is None else read_design(file)}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/services", wish), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    service: ServiceArgument,
    file: FileOption = None,
    team: Annotated[str | None, typer.Option(help="The team that owns it from now on, '' for none.")] = None,
    revision: Annotated[int | None, typer.Option(help="Only where the draft is this revision still.")] = None,
) -> None:
    """Put a file in place of the draft: what is not in it is taken away.  What serves stays as it is."""
    if file is None and team is None:
        raise typer.BadParameter("name a file, or a team", param_hint="--file")
    change: dict[str, Any] = {} if file is None else {"draft": whole(read_design(file))}
    if team is not None:
        change["team"] = team
    with Reaching.of(where) as api:
        headers = {} if revision is None else {"if-match": _tag_of(api, service, revision)}
        found = api.ask("PATCH", _path(service), change, headers=headers)
    _print_changed(found, as_json=where.as_json)


@app.command("check")
@placed
def check(where: Where, service: ServiceArgument, release: ReleaseOption = None) -> None:
    """Say what keeps the draft from being published, or try a release, such as with its test set.

    Ends with 1 where something does.
    """
    with Reaching.of(where) as api:
        if release is None:
            found = api.ask("GET", f"{_path(service)}/draft")["problems"]
        else:
            found = api.ask("POST", f"{_path(service)}/releases/{release}/prove")["problems"]
    wrong = any(not one["warning"] for one in found)
    if where.as_json:
        print_json(found)
    else:
        rows = [["" if one["warning"] else "NO", one["field"], one["message"]] for one in found]
        print_table("Problems", ("", "where", "what"), rows, empty="Nothing is wrong.")
    if wrong:
        raise typer.Exit(1)


@app.command("diff")
@placed
def diff(
    where: Where,
    service: ServiceArgument,
    before: Annotated[str, typer.Option("--from", help="live, draft, or the number of a release.")] = "live",
    after: Annotated[str, typer.Option("--to", help="live, draft, or the number of a release.")] = "draft",
) -> None:
    """Say what differs between two releases, or one and the draft; what may break callers is marked with !.

    Behind it stands what the models cost, and how both fared when they were tried.
    """
    with Reaching.of(where) as api:
        found = api.ask("GET", f"{_path(service)}/diff", query={"from": before, "to": after})
    if where.as_json:
        print_json(found)
        return
    for change in found["changes"]:
        print(harmless(f"{'!' if change['breaking'] else ' '} {change['path']}: {change['what']}"))
        _print_words(change)
    if not found["changes"]:
        print("Nothing differs.")
    for line in serviceproofs.compared(found["figures"]):
        print(harmless(line))


@app.command("openapi")
@placed
def openapi(where: Where, service: ServiceArgument, release: ReleaseOption = None) -> None:
    """Print the OpenAPI document of the draft, or of a release."""
    with Reaching.of(where) as api:
        print_json(api.ask("GET", f"{_path(service)}/openapi", query={"release": release}))


@app.command("kinds")
@placed
def kinds(where: Where) -> None:
    """List the kinds of services that there are; --json has the schema of what each is made of."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/service-kinds")["items"]
    if where.as_json:
        print_json(found)
        return
    print_table("Kinds", ("name",), [[one["name"]] for one in found], empty="No plugin offers a kind of service.")


@app.command("deprecate")
@placed
def deprecate(
    where: Where,
    service: ServiceArgument,
    sunset: Annotated[str, typer.Option(help="When it ends: a span such as 90d, or a time.")] = "",
    successor: SuccessorOption = "",
) -> None:
    """Tell all who call a service that it will end, when, and what takes its place."""
    wish = {"sunset_at": time_meant(sunset) if sunset else None, "successor": successor}
    with Reaching.of(where) as api:
        _print_changed(api.ask("POST", f"{_path(service)}/deprecate", wish), as_json=where.as_json)


@app.command("pause")
@placed
def pause(
    where: Where,
    service: ServiceArgument,
    why: Annotated[str, typer.Option(help="The reason; callers are told.")] = "",
) -> None:
    """Let nothing of a service be served until it is resumed, whatever is published meanwhile."""
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", f"{_path(service)}/pause", {"why": why}), as_json=where.as_json)


@app.command("retire")
@placed
def retire(where: Where, service: ServiceArgument, successor: SuccessorOption = "", yes: YesOption = False) -> None:
    """End a service and all of its releases, at once and for good."""
    with Reaching.of(where) as api:
        question = f"Retire {service}? All of its callers are refused from now on, and its slug is not given again"
        check_meant(api, _path(service), question, yes=yes)
        _print_changed(api.ask("POST", f"{_path(service)}/retire", {"successor": successor}), as_json=where.as_json)


def _path(service: str) -> str:
    return f"/services/{named(service)}"


def _tag_of(api: Asking, service: str, revision: int) -> str:
    """Give the tag of a service whose draft is of this revision; raises `Refused` where it is of another."""
    reply = api.send("GET", _path(service))
    now = reply.value["revision"]
    if now != revision:
        said = f"the draft was changed meanwhile: it is revision {now}; look at it, and edit that"
        raise Refused(said, status=412, code="changed")
    return reply.headers["etag"]


def _state(service: Mapping[str, Any]) -> str:
    return f"{service['state']}, paused" if service["paused_at"] else str(service["state"])


def _print_words(change: Mapping[str, Any]) -> None:
    """Print what a difference was and is, each of its lines behind a mark; a text diff as it is."""
    before, after = change["before"].splitlines(), change["after"].splitlines()
    plain = bool(before) or not change["after"].startswith("@@ ")
    lines: Sequence[str] = [f"- {line}" for line in before] + [f"+ {line}" if plain else line for line in after]
    for line in lines:
        print(harmless(f"    {line}"))


def _print_one(service: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(service)
        return
    words = ("slug", "id", "kind", "team", "name", "state", "url", "live", "revision")
    times = ("created_at", "changed_at", "deprecated_at", "sunset_at", "retired_at")
    print_fields(labelled({word: service[word] for word in (*words, *times, "successor", "paused_at", "paused_why")}))


def _print_changed(service: Mapping[str, Any], *, as_json: bool) -> None:
    _print_one(service, as_json=as_json)
    if not as_json:
        for note in service["notes"]:
            print(harmless(f"Note: {note}"))


_ACTING = Acting(app=app, metavar="SERVICE", path=lambda api, one: _path(one), show=_print_one)
_ACTING.does("keep", "Take back that a service will end.")
_ACTING.does("resume", "Let what is published of a service be served again.")
_ACTING.does("drop", "Forget a service that never served, and its releases.", sure="Forget {} and its releases?")
