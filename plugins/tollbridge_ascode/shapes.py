"""What may stand in documents: `kind`, `name`, and a `spec` by kind.

A spec says everything of its object: what is not in it is as if it was never said. `named` gives it in the words of the
admin API, whole, so that two of them can be compared.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollbridge import SetupError
from tollbridge.administering import (
    Access,
    Approval,
    Contact,
    Slo,
    Visibility,
    parse_conditions,
    parse_usd,
    show_usd,
    to_nano,
)

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `\$(?P<at>.*)`)?", re.DOTALL)
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<at>.*)`)?", re.DOTALL)
Usd = Annotated[str, Meta(max_length=40)]


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of a document: a member that it does not name is refused."""


class Budget(Spec, frozen=True):
    """US dollars for each period."""

    usd: Usd
    period: Literal["day", "month", "total"]


class Limits(Spec, frozen=True):
    """What all callers together may use."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class Bounds(Limits, frozen=True):
    """What a team or an application is bounded by."""

    budget: Budget | None = None
    networks: tuple[str, ...] = msgspec.field(default=(), name="from")
    hours: str | None = None


class TeamSpec(Bounds, frozen=True):
    """A team.  Without `scopes` it gets those that teams have, and keeps them."""

    title: str = ""
    description: str = ""
    scopes: tuple[str, ...] | None = None
    rotate_days: int | None = None


class Quota(Spec, frozen=True):
    """How many calls a subscription may make in each period."""

    calls: Annotated[int, Meta(ge=1)]
    period: Literal["day", "month"] = "month"


class PlanSpec(Limits, frozen=True):
    """A plan."""

    title: str = ""
    description: str = ""
    budget: Budget | None = None
    price_per_call_usd: Usd | None = None
    models: tuple[str, ...] = ()
    quota: Quota | None = None


class DesignSpec(Spec, frozen=True):
    """What a service is made of."""

    name: str = ""
    description: str = ""
    docs: str = ""
    logo: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    slos: tuple[Slo, ...] = ()
    visibility: Visibility = Visibility.INTERNAL
    access: Access = Access.SUBSCRIPTION
    approval: Approval = Approval.MANUAL
    plans: tuple[str, ...] = ()
    price_per_call_usd: Usd = "0"
    limits: Limits = Limits()
    budget: Budget | None = None
    definition: dict[str, Any] = {}


class ServiceSpec(Spec, frozen=True):
    """A service.  With a `version` there is a release of it; with `publish` that serves."""

    type: str
    team: str = ""
    version: str = ""
    note: str = ""
    publish: bool = False
    design: DesignSpec = DesignSpec()


class ApplicationSpec(Bounds, frozen=True):
    """An application."""

    team: str = ""
    owner: str = ""
    description: str = ""
    scopes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}


class SubscriptionSpec(Spec, frozen=True):
    """An application that calls a service; `team` is that of the application.

    `approved`: it is let in at once, and until `expires_at` where that is said.
    """

    application: str
    service: str
    team: str = ""
    plan: str = ""
    why: str = ""
    approved: bool = False
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


SHAPES: Mapping[str, type[Spec]] = {
    "Team": TeamSpec,
    "Plan": PlanSpec,
    "Service": ServiceSpec,
    "Application": ApplicationSpec,
    "Subscription": SubscriptionSpec,
}
"""Kinds of documents, in the order of what needs what."""
_NESTED: Mapping[type[msgspec.Struct], Sequence[type[msgspec.Struct]]] = {
    ServiceSpec: (DesignSpec, Limits, Budget, Contact, Slo),
    PlanSpec: (Budget, Quota),
}


class BadDocument(SetupError):
    """A document cannot be used; says where and why in one sentence."""

    exit_code = 2


class Document(msgspec.Struct, frozen=True):
    """One object as it is to be; `where` is the file and line it stands in."""

    kind: str
    name: str
    spec: Any
    where: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What no other document may have."""
        if isinstance(self.spec, ApplicationSpec):
            return (self.kind, self.spec.team, self.name)
        if isinstance(self.spec, SubscriptionSpec):
            return (self.kind, self.spec.team, self.spec.application, self.spec.service)
        return (self.kind, self.name)


def read_document(value: Any, where: str) -> Document:
    """Read a document; raises `BadDocument`, for an unknown member with the nearest known one."""
    if not isinstance(value, dict):
        raise BadDocument(f"{where}: a document is an object with kind, name and spec")
    _check_known(value.keys(), ("kind", "name", "spec"), where, "")
    kind, name = value.get("kind"), value.get("name")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise BadDocument(f"{where}: kind is one of {', '.join(SHAPES)}{_near(str(kind), SHAPES)}")
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not name.isprintable():
        raise BadDocument(f"{where}: name is a text of 1 to 100 printable characters")
    shape = SHAPES[kind]
    try:
        spec = msgspec.convert(value.get("spec", {}), shape)
    except msgspec.ValidationError as exc:
        raise BadDocument(f"{where}: {kind} {name}: {_told(str(exc), shape)}") from None
    return Document(kind, name, _checked(spec, f"{where}: {kind} {name}"), where)


def written(document: Document) -> dict[str, Any]:
    """Give a document as it is written: what is as if it was never said is left out."""
    spec = msgspec.json.decode(msgspec.json.encode(document.spec))
    return {"kind": document.kind, "name": document.name, "spec": _said(spec, document.spec)}


def named(spec: Spec) -> dict[str, Any]:
    """Give a spec whole, as the API names things, with money, times and networks as that writes them."""
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(spec))
    if isinstance(spec, ServiceSpec):
        said["design"] = named(spec.design)
    if said.get("budget") is not None:
        said["budget"] = {**said["budget"], "usd": _usd(said["budget"]["usd"])}
    if isinstance(spec, PlanSpec) and spec.price_per_call_usd is not None:
        said["price_per_call_usd"] = _usd(spec.price_per_call_usd)
    if isinstance(spec, Bounds):
        conditions = parse_conditions(spec.networks, spec.hours or "")
        said |= {"from": list(conditions.networks), "hours": conditions.hours or None}
    for name in ("scopes", "tags", "models"):
        if said.get(name) and not isinstance(spec, DesignSpec):
            said[name] = list(dict.fromkeys(said[name]))
    if said.get("scopes", ()) is None:
        del said["scopes"]
    for name in ("title", "description", "owner"):
        if name in said and not isinstance(spec, DesignSpec):
            said[name] = said[name].strip()
    return said


def _checked(spec: Spec, where: str) -> Spec:
    """Give a spec whose money and conditions can be read, and that is of one mind; raises `BadDocument`."""
    if isinstance(spec, SubscriptionSpec) and spec.expires_at is not None and not spec.approved:
        raise BadDocument(f"{where}: an end is given by approving it: set approved beside expires_at")
    try:
        named(spec.design if isinstance(spec, ServiceSpec) else spec)
    except (ValueError, SetupError) as exc:
        raise BadDocument(f"{where}: {exc}") from None
    return spec


def _usd(text: str) -> str:
    return show_usd(to_nano(parse_usd(text)))


def _said(value: Any, spec: Any) -> Any:
    """Leave out what is the default, of objects that a shape names."""
    if not isinstance(spec, msgspec.Struct):
        return value
    found = {}
    for field, name in zip(spec.__struct_fields__, spec.__struct_encode_fields__, strict=True):
        held = getattr(spec, field)
        if held != _defaults(type(spec)).get(field, ...):
            found[name] = _said(value[name], held)
    return found


def _defaults(shape: type[msgspec.Struct]) -> Mapping[str, Any]:
    fields = msgspec.structs.fields(shape)
    return {
        each.name: each.default if each.default is not msgspec.NODEFAULT else each.default_factory()
        for each in fields
        if not each.required
    }


def _told(message: str, shape: type[msgspec.Struct]) -> str:
    """Say what is wrong with a spec, in our way of writing places, and which name may have been meant."""
    unknown = _UNKNOWN.fullmatch(message)
    if unknown:
        return f"{_place(unknown['at'])} has no {unknown['name'][:60]!r}{_near(unknown['name'], sorted(_names(shape)))}"
    found = _AT.fullmatch(message)
    return f"{_place(found['at'])}: {found['what']}" if found else message


def _place(at: str | None) -> str:
    return f"spec{at or ''}".replace("[...]", "")


def _names(shape: type[msgspec.Struct]) -> set[str]:
    return {name for each in (shape, *_NESTED.get(shape, (Budget,))) for name in each.__struct_encode_fields__}


def _check_known(keys: Sequence[str] | Any, known: Sequence[str], where: str, place: str) -> None:
    for key in keys:
        if key not in known:
            raise BadDocument(f"{where}: a document has no {str(key)[:60]!r}{_near(str(key), known)}")


def _near(word: str, known: Any) -> str:
    near = get_close_matches(word[:60], list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
