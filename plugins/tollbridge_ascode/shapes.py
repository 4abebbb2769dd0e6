"""Documents read and written: `kind`, `name`, and a `spec` by kind.

`named` gives a spec in the words of the admin API, whole, so that two of them can be compared.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from tollbridge import SetupError
from tollbridge.administering import clear_secrets, parse_conditions, parse_usd, show_usd, to_nano
from tollbridge_ascode.specs import (
    NESTED,
    SHAPES,
    YES_OR_NO,
    ApplicationSpec,
    Bounds,
    Budget,
    DesignSpec,
    PlanSpec,
    ServiceSpec,
    Spec,
    SubscriptionSpec,
    TeamSpec,
)

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `\$(?P<at>.*)`)?", re.DOTALL)
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<at>.*)`)?", re.DOTALL)


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

    def of_team(self, team: str) -> "Document":
        """Give it with a team, where it is of something that has one and names none."""
        if not isinstance(self.spec, ServiceSpec | ApplicationSpec | SubscriptionSpec) or self.spec.team:
            return self
        return msgspec.structs.replace(self, spec=msgspec.structs.replace(self.spec, team=team))


def read_document(value: Any, where: str) -> Document:
    """Read a document; raises `BadDocument`, for an unknown member with the nearest known one."""
    if not isinstance(value, dict):
        raise BadDocument(f"{where}: a document is an object with kind, name and spec")
    _check_known(value.keys(), ("kind", "name", "spec"), where, "")
    kind, name = value.get("kind"), value.get("name")
    if not isinstance(kind, str) or kind not in SHAPES:
        raise BadDocument(f"{where}: kind is one of {', '.join(SHAPES)}{_near(str(kind), SHAPES)}")
    name = name.strip() if isinstance(name, str) else ""
    if not 0 < len(name) <= 100 or not name.isprintable():
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
    """Give a spec whose money and conditions can be read, and that is of one mind; raises `BadDocument`.

    Names are as the gateway keeps them, without blanks around them.
    """
    stripped = {name: getattr(spec, name).strip() for name in ("team", "application") if hasattr(spec, name)}
    spec = msgspec.structs.replace(spec, **stripped)
    if isinstance(spec, TeamSpec) and spec.scopes == ():
        raise BadDocument(f"{where}: a team has a scope; leave scopes out for those that it has, or gets")
    if isinstance(spec, SubscriptionSpec) and spec.expires_at is not None and not spec.approved:
        raise BadDocument(f"{where}: an end is given by approving it: set approved beside expires_at")
    if isinstance(spec, ServiceSpec):
        _check_way(spec, where)
        for path in clear_secrets(spec.design.definition):
            raise BadDocument(f"{where}: a secret stands at {'/'.join(path)}; store it, and name it as stored:NAME")
    try:
        named(spec.design if isinstance(spec, ServiceSpec) else spec)
    except (ValueError, SetupError) as exc:
        raise BadDocument(f"{where}: {exc}") from None
    return spec


def _check_way(spec: ServiceSpec, where: str) -> None:
    """Refuse a way to serve for what is not to serve, two ways at once, and a pause that may mean that none is."""
    if isinstance(spec.paused, str) and spec.paused.strip().lower() in YES_OR_NO:
        raise BadDocument(f"{where}: paused is {spec.paused!r}, which is a text: write true or false")
    if (spec.beside or spec.publish_at is not None) and not spec.publish:
        raise BadDocument(f"{where}: beside and publish_at say how a release comes to serve: set publish beside them")
    if spec.beside and spec.publish_at is not None:
        raise BadDocument(
            f"{where}: a release that is published by itself takes the place of the one that serves: leave out beside, "
            "or publish_at"
        )


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
    return {name for each in (shape, *NESTED.get(shape, (Budget,))) for name in each.__struct_encode_fields__}


def _check_known(keys: Sequence[str] | Any, known: Sequence[str], where: str, place: str) -> None:
    for key in keys:
        if key not in known:
            raise BadDocument(f"{where}: a document has no {str(key)[:60]!r}{_near(str(key), known)}")


def _near(word: str, known: Any) -> str:
    near = get_close_matches(word[:60], list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
