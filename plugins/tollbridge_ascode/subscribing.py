"""Subscriptions at a gateway."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tollbridge.cli.asking import Asking
from tollbridge_ascode.objects import Fields, application, got
from tollbridge_ascode.services import place
from tollbridge_ascode.shapes import BadDocument, Document, SubscriptionSpec

AT = "/subscriptions"
_OPEN = ("asked", "approved")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands to what a document says: asked for, approved, under another plan."""

    id: str = ""
    asks: bool = False
    approves: bool = False
    plan: tuple[str, str] | None = None


def every(api: Asking) -> Iterator[Fields]:
    """Give all subscriptions that are open or asked for."""
    for one in api.items(AT):
        if one["state"] in _OPEN:
            yield one


def standing_of(api: Asking, document: Document) -> Standing:
    """Say how one stands; what it needs may be yet to be made."""
    spec: SubscriptionSpec = document.spec
    caller, service = application(api, spec.application, spec.team), got(api, place(spec.service))
    if caller is None or service is None:
        return Standing(asks=True, approves=spec.approved)
    asked = {"application": caller["id"], "service": service.fields["id"]}
    one = next((one for one in api.items(AT, asked) if one["state"] in _OPEN), None)
    if one is None:
        return Standing(asks=True, approves=spec.approved)
    plan = (one["plan"], spec.plan) if one["plan"] != spec.plan else None
    if plan and not spec.approved:
        raise BadDocument(
            f"{document.where}: {spec.application} calls {spec.service} under the plan {one['plan']!r}; another one is "
            "given by approving it: set approved"
        )
    return Standing(one["id"], approves=spec.approved and one["state"] == "asked", plan=plan)


def ask(api: Asking, document: Document) -> None:
    """Ask for a service, and approve that where the document says so and nobody decided yet."""
    spec: SubscriptionSpec = document.spec
    caller = application(api, spec.application, spec.team)
    if caller is None:
        raise BadDocument(f"{document.where}: there is no application {spec.application} of the team {spec.team!r}")
    wish = {"application": caller["id"], "service": spec.service, "plan": spec.plan, "why": spec.why}
    made = api.ask("POST", AT, wish)
    if spec.approved and made["state"] == "asked":
        approve(api, document, made["id"])


def approve(api: Asking, document: Document, id: str) -> None:
    """Approve a subscription, under the plan of the document."""
    api.ask("POST", f"{AT}/{quote(id, safe='')}/approve", {"plan": document.spec.plan})


def end(api: Asking, fields: Fields) -> None:
    """End a subscription, or cancel one that was only asked for."""
    how = "end" if fields["state"] == "approved" else "cancel"
    api.ask("POST", f"{AT}/{quote(fields['id'], safe='')}/{how}")
