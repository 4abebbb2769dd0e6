"""Subscriptions at a gateway."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from tollbridge import SystemClock
from tollbridge.cli.asking import Asking
from tollbridge_ascode.comparing import Differing, Fields
from tollbridge_ascode.objects import Found, Outcome, application, got, matching, moment_of, moment_said, resting
from tollbridge_ascode.seeing import place
from tollbridge_ascode.shapes import BadDocument, Document
from tollbridge_ascode.specs import SubscriptionSpec

AT = "/subscriptions"
_OPEN = ("asked", "approved")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands to what a document says: to be asked for, to be approved, or otherwise than it says."""

    found: Found | None = None
    asks: bool = False
    approves: bool = False
    changes: Sequence[Differing] = ()


def every(api: Asking) -> Iterator[Fields]:
    """Give all subscriptions that are open or asked for."""
    for one in api.items(AT):
        if one["state"] in _OPEN:
            yield one


def standing_of(api: Asking, document: Document) -> Standing:
    """Say how one stands; what it needs may be yet to be made.  One whose time is over is not asked for again.

    Raises `BadDocument` for what cannot be, such as one that was refused: that is asked for with another reason alone.
    """
    spec: SubscriptionSpec = document.spec
    over = spec.expires_at is not None and spec.expires_at <= SystemClock().now()
    there = _there(api, spec)
    found = next((one for one in there if one["state"] in _OPEN), None)
    if found is None:
        if there and there[0]["state"] == "refused" and there[0]["why"] == spec.why.strip() and not over:
            raise BadDocument(
                f"{document.where}: {spec.application} asked for {spec.service}, which was refused: "
                f"{there[0]['opinion'] or 'no reason was given'}; say another why, or take the document away"
            )
        return Standing(asks=not over)
    seen = got(api, path(found)) or Found(found)
    one = seen.fields
    plan = [Differing("plan", one["plan"], spec.plan)] if one["plan"] != spec.plan else []
    if plan and not spec.approved:
        raise BadDocument(
            f"{document.where}: {spec.application} calls {spec.service} under the plan {one['plan']!r}; another one is "
            "given by approving it: set approved"
        )
    waits = one["state"] == "asked"
    same = moment_of(one["expires_at"]) == spec.expires_at
    changes = plan if same else [*plan, Differing("expires_at", one["expires_at"], moment_said(spec.expires_at))]
    if over and (waits or changes):
        raise BadDocument(
            f"{document.where}: {spec.application} subscribes to {spec.service}, and the end that the document says "
            "lies in the past; name another, or take the document away"
        )
    if not spec.approved:
        return Standing(seen)
    return Standing(seen, approves=waits, changes=() if waits else changes)


def _there(api: Asking, spec: SubscriptionSpec) -> Sequence[Fields]:
    """Find what an application asked a service for, the last first."""
    caller, service = application(api, spec.application, spec.team), got(api, place(spec.service))
    if caller is None or service is None:
        return ()
    return list(api.items(AT, {"application": caller["id"], "service": service.fields["id"]}))


def ask(api: Asking, document: Document) -> Outcome:
    """Ask for a service, and approve that where the document says so and nobody decided yet.

    Says what that waits for where the application is off, or its team.
    """
    spec: SubscriptionSpec = document.spec
    caller = application(api, spec.application, spec.team)
    if caller is None:
        waits = resting(api, spec.team)
        if waits:
            return Outcome(waits)
        raise BadDocument(f"{document.where}: there is no application {spec.application} of the team {spec.team!r}")
    if caller["disabled_at"]:
        return Outcome(f"the application {spec.application}, which is disabled")
    wish = {"application": caller["id"], "service": spec.service, "plan": spec.plan, "why": spec.why}
    reply = api.send("POST", AT, wish)
    made = Found(reply.value, reply.headers.get("etag", ""))
    if spec.approved and (made.fields["state"] == "asked" or spec.expires_at is not None):
        approve(api, document, made)
    return Outcome()


def approve(api: Asking, document: Document, found: Found) -> None:
    """Approve a subscription, under the plan and until the end that the document says."""
    spec: SubscriptionSpec = document.spec
    wish = {"plan": spec.plan, "expires_at": moment_said(spec.expires_at)}
    api.ask("POST", f"{path(found.fields)}/approve", wish, headers=matching(found))


def end(api: Asking, found: Found) -> None:
    """End a subscription, or cancel one that was only asked for."""
    how = "end" if found.fields["state"] == "approved" else "cancel"
    api.ask("POST", f"{path(found.fields)}/{how}", headers=matching(found))


def path(fields: Fields) -> str:
    """Give where a subscription is."""
    return f"{AT}/{quote(fields['id'], safe='')}"
