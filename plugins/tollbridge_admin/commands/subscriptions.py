"""`tollbridge subscription ...`: which applications may call which services."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.spans import ends
from tollbridge_admin.commands.words import LimitOption, YesOption

app = typer.Typer(help="Ask for services, and decide on who calls yours.", no_args_is_help=True)

SubscriptionArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of the subscription.")]
PlanOption = Annotated[str, typer.Option(help="One of the service's plans.")]
OpinionOption = Annotated[str, typer.Option("--why", help="Why; who asked reads it.")]


@app.command("ask")
@placed
def ask(
    where: Where,
    application: Annotated[str, typer.Argument(help="The id of the application that is to call.")],
    service: Annotated[str, typer.Argument(help="The slug or id of the service.")],
    plan: PlanOption = "",
    why: Annotated[str, typer.Option("--why", help="What for; whoever decides reads it.")] = "",
) -> None:
    """Ask for a service for an application; where nobody has to decide, or your team gives it, it opens at once."""
    wish = {"application": application, "service": service, "plan": plan, "why": why}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/subscriptions", wish), as_json=where.as_json)


@app.command("list")
@placed
def subscriptions(
    where: Where,
    application: Annotated[str, typer.Option(help="Only those of this application.")] = "",
    service: Annotated[str, typer.Option(help="Only those of this service, by its slug or id.")] = "",
    state: Annotated[str, typer.Option(help="asked, approved, refused, cancelled, ended or expired.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List subscriptions, newest first."""
    with Reaching.of(where) as api:
        which = service
        if service and not service.startswith("svc_"):
            which = api.ask("GET", f"/services/{named(service)}")["id"]
        query = {"application": application or None, "service": which or None, "state": state or None}
        found = list(api.items("/subscriptions", query, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("id", "application", "service", "plan", "state", "asked", "why")
    rows = [
        [
            *(one["id"], one["application"], one["service"], one["plan"] or "-", one["state"]),
            *(when_said(one["asked_at"]), one["why"].partition("\n")[0]),
        ]
        for one in found
    ]
    print_table("Subscriptions", columns, rows, empty="There is no subscription.")


@app.command("show")
@placed
def show(where: Where, subscription: SubscriptionArgument) -> None:
    """Show one subscription."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(subscription)), as_json=where.as_json)


@app.command("approve")
@placed
def approve(
    where: Where,
    subscription: SubscriptionArgument,
    plan: PlanOption = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h, an ISO time, or never; else as it is.")] = "",
    why: OpinionOption = "",
) -> None:
    """Let an application call a service; one that is approved already gets another plan or end."""
    end: dict[str, str | None] = {"expires_at": None} if expires == "never" else {**ends(expires)}
    wish = {"opinion": why, **({"plan": plan} if plan else {}), **end}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", f"{_path(subscription)}/approve", wish), as_json=where.as_json)


def _closer(name: str, question: str) -> Callable[..., None]:
    @placed
    def close(
        where: Where, subscription: SubscriptionArgument, why: OpinionOption = "", yes: YesOption = False
    ) -> None:
        with Reaching.of(where) as api:
            if question:
                check_meant(api, _path(subscription), question.format(subscription), yes=yes)
            done = api.ask("POST", f"{_path(subscription)}/{name}", {"opinion": why})
            _print_one(done, as_json=where.as_json)

    return close


app.command("refuse", help="Refuse what an application asked for.")(_closer("refuse", ""))
app.command("cancel", help="Cancel a subscription, or the asking for one, for the application.")(
    _closer("cancel", "Cancel {}? The application is refused from then on")
)
app.command("end", help="End a subscription, for the service, at once.")(
    _closer("end", "End {}? The application is refused from then on")
)


def _path(subscription: str) -> str:
    return f"/subscriptions/{named(subscription)}"


def _print_one(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    words = ("id", "application", "service", "plan", "state", "why", "asked_by", "asked_at")
    more = ("opinion", "decided_by", "decided_at", "expires_at", "ended_at")
    print_fields(labelled({word: one[word] for word in (*words, *more)}))
