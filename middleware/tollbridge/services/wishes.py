"""What is wished of a service, checked."""

import base64
import binascii
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from tollbridge.errors import BadRequest
from tollbridge.money import parse_usd
from tollbridge.people.wishes import checked_email
from tollbridge.services.kinds import Problem, ServiceKind
from tollbridge.services.model import MOST_DESIGN, Access, Design, Named, Slo, Visibility, write_design

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 1_000
LONGEST_DOCS = 200_000
LONGEST_LOGO = 65_536
"""Bytes of an image."""
LONGEST_REASON = 1_000
MOST_TAGS, MOST_CONTACTS, MOST_SLOS, MOST_PLANS, DEEPEST = 20, 10, 10, 20, 5
MOST_POLICIES, LONGEST_POLICY, LONGEST_POLICIES = 10, 63, 20_000
SLUG = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""How the slug of a service looks: as a label of a host name (RFC 1123, 2.1), at most 63 characters."""
VERSION = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,31})"

PolicyProblems = Callable[[Named], Sequence[tuple[str, str]]]
"""Says of policies which cannot be run, by their names, and why."""

_SLUG, _VERSION = re.compile(SLUG), re.compile(VERSION)
_LOGO = re.compile(r"data:image/(png|jpeg|webp|gif);base64,([A-Za-z0-9+/]+={0,2})")
_BEGINNINGS = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "gif": b"GIF8"}
_URL = re.compile(r"https?://[!-~]{1,2000}")
_OPEN_TO_OTHERS = (
    "whoever has a scope that includes it, such as service:*, calls it and hears that it is there, of whatever team; "
    "visibility keeps it off lists alone: with access subscription it is the team's, and its subscribers'"
)


def checked_slug(slug: str) -> str:
    """Give the slug of a service; raises `BadRequest`."""
    if not _SLUG.fullmatch(slug):
        raise BadRequest("a slug is 1 to 63 small letters, digits and hyphens, none at its ends", param="slug")
    return slug


def checked_version(version: str) -> str:
    """Give the version of a release; raises `BadRequest`."""
    if not _VERSION.fullmatch(version):
        raise BadRequest("a version is 1 to 32 of A-Z a-z 0-9 . _ -, such as 1.2.0", param="version")
    return version


def checked_reason(why: str, param: str = "why") -> str:
    """Give a reason or note of several lines; raises `BadRequest`."""
    if len(why) > LONGEST_REASON or not why.replace("\n", "").isprintable():
        raise BadRequest(f"{param} is at most {LONGEST_REASON} printable characters", param=param)
    return why.strip()


def checked_kind(kind: str, kinds: Collection[str]) -> str:
    """Give the name of a kind that is there; raises `BadRequest`."""
    if kind not in kinds:
        raise BadRequest(f"there is no kind {kind[:40]!r} of service; known: {', '.join(sorted(kinds))}", param="kind")
    return kind


def checked_design(design: Design) -> Design:
    """Give a design that can be stored: what all services have is right, the definition is looked at by its kind.

    Raises `BadRequest` naming the field.
    """
    for field, check in _CHECKS.items():
        try:
            check(getattr(design, field))
        except (ValueError, BadRequest) as exc:
            raise BadRequest(str(exc), param=f"draft/{field}") from None
    if len(write_design(design)) > MOST_DESIGN:
        raise BadRequest(f"a service is at most {MOST_DESIGN} bytes of JSON", param="draft")
    return design


def problems_of(kind: ServiceKind, design: Design, policies: PolicyProblems) -> Sequence[Problem]:
    """Say what keeps a design from being published, and what is doubtful."""
    found = [] if design.name.strip() else [Problem("name", "give the service a name that people read")]
    found += [Problem(f"policies/{name}", why) for name, why in policies(design.policies)]
    if design.visibility is Visibility.TEAM and design.access is Access.SCOPE:
        found.append(Problem("access", _OPEN_TO_OTHERS, warning=True))
    try:
        definition = msgspec.convert(design.definition, kind.definition)
    except msgspec.ValidationError as exc:
        return (*found, Problem("definition", _placed(str(exc))))
    return (*found, *kind.check(definition))


def _placed(message: str) -> str:
    """Say where a definition is wrong, in our way of writing paths."""
    what, _, where = message.partition(" - at `$")
    return f"{what} (at {where.rstrip('`').lstrip('.')})" if where.strip("`") else what


def _line(text: str) -> None:
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError(f"it is at most {LONGEST_NAME} printable characters")


def _text(longest: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if len(text) > longest or "\0" in text:
            raise ValueError(f"it is at most {longest} characters of text")

    return check


def _logo(logo: str) -> None:
    if not logo:
        return
    found = _LOGO.fullmatch(logo) if len(logo) < 2 * LONGEST_LOGO else None
    try:
        content = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        content = b""
    if found is None or len(content) > LONGEST_LOGO or not content.startswith(_BEGINNINGS[found[1]]):
        raise ValueError(
            f"a logo is a PNG, JPEG, WebP or GIF of at most {LONGEST_LOGO} bytes as data:image/png;base64,..."
        )


def _category(category: str) -> None:
    parts = category.split("/") if category else []
    if len(parts) > DEEPEST or not all(_SLUG.fullmatch(part) for part in parts):
        raise ValueError(f"a category is up to {DEEPEST} slugs with slashes between, such as language/translation")


def _tags(tags: Sequence[str]) -> None:
    if len(tags) > MOST_TAGS or len(set(tags)) < len(tags) or not all(_SLUG.fullmatch(tag) for tag in tags):
        raise ValueError(f"tags are up to {MOST_TAGS} different slugs")


def _contacts(contacts: Sequence[Any]) -> None:
    if len(contacts) > MOST_CONTACTS:
        raise ValueError(f"there are at most {MOST_CONTACTS} contacts")
    for contact in contacts:
        _line(contact.name)
        if not contact.name.strip():
            raise ValueError("a contact needs a name")
        if contact.email:
            checked_email(contact.email)
        if contact.url and not _URL.fullmatch(contact.url):
            raise ValueError("the URL of a contact begins with http:// or https://")


def _slos(slos: Sequence[Slo]) -> None:
    if len(slos) > MOST_SLOS or len({slo.name for slo in slos}) < len(slos):
        raise ValueError(f"there are at most {MOST_SLOS} objectives, each with a name of its own")
    for slo in slos:
        _line(slo.name)
        if not 0 < slo.objective < 100 or not 1 <= slo.window_days <= 90 or _too_soon(slo):
            raise ValueError("an objective is above 0 and below 100 percent, over 1 to 90 days, within at least 1 ms")


def _too_soon(slo: Slo) -> bool:
    return slo.latency_ms is not None and slo.latency_ms < 1


def _plans(plans: Sequence[str]) -> None:
    if len(plans) > MOST_PLANS or len(set(plans)) < len(plans) or not all(_SLUG.fullmatch(plan) for plan in plans):
        raise ValueError(f"plans are up to {MOST_PLANS} different slugs")


def checked_policies(policies: Named) -> Named:
    """Give policies that can be stored; whether they can be run is another matter.  Raises `ValueError`."""
    if len(policies) > MOST_POLICIES or not all(0 < len(name) <= LONGEST_POLICY for name in policies):
        raise ValueError(f"there are at most {MOST_POLICIES} policies, each with a name")
    if len(msgspec.json.encode(policies)) > LONGEST_POLICIES:
        raise ValueError(f"policies with their options are at most {LONGEST_POLICIES} bytes of JSON")
    return policies


def _price(usd: str) -> None:
    parse_usd(usd)


_CHECKS: dict[str, Callable[[Any], object]] = {
    "name": _line,
    "description": _text(LONGEST_DESCRIPTION),
    "docs": _text(LONGEST_DOCS),
    "logo": _logo,
    "category": _category,
    "tags": _tags,
    "contacts": _contacts,
    "slos": _slos,
    "plans": _plans,
    "price_per_call_usd": _price,
    "policies": checked_policies,
}
