"""Documents of what is at a gateway.  Secrets are references there, and stay ones.

What is not carried is said by name, in notes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge.administering import references_of as references_in
from tollbridge.cli.asking import Asking
from tollbridge.cli.output import harmless
from tollbridge.yamltext import write_yaml
from tollbridge_ascode import services, subscribing
from tollbridge_ascode.carrying import carried, left_beside
from tollbridge_ascode.hiding import referring
from tollbridge_ascode.leaving import left_out
from tollbridge_ascode.objects import APPLICATIONS, PLANS, TEAMS, Plain
from tollbridge_ascode.seeing import place
from tollbridge_ascode.shapes import Document, read_document, written
from tollbridge_ascode.specs import SHAPES, ServiceSpec, SubscriptionSpec

REFERENCES, NOTES = "references.txt", "notes.txt"
_LONG = 400
"""Characters from which on a text becomes a file beside its document."""
_NO_NAME = re.compile("[^a-z0-9]+")


Heard = Callable[[str], None]


def _unheard(note: str) -> None:
    """Leave a note unsaid."""


def exported(
    api: Asking, kinds: Sequence[str] = (), names: Sequence[str] = (), heard: Heard = _unheard
) -> Iterator[Document]:
    """Give the documents of everything, or of some kinds and names alone, in an order that stays.

    `heard` gets a note of each thing that is there and not in them: of everything, also what is of no kind.
    """
    every: Mapping[str, Callable[[], Iterable[Document]]] = {
        "Team": lambda: _plain(api, TEAMS),
        "Plan": lambda: _plain(api, PLANS),
        "Service": lambda: _services(api, names, heard),
        "Application": lambda: _plain(api, APPLICATIONS),
        "Subscription": lambda: _subscriptions(api, names, heard),
    }
    found: dict[str, list[Document]] = {}
    for kind in SHAPES:
        if not kinds or kind in kinds:
            found[kind] = [one for one in every[kind]() if not names or one.name in names]
    if "Plan" in found:
        found["Plan"] += _ended_plans(api, [one for some in found.values() for one in some])
    for documents in found.values():
        yield from sorted(documents, key=lambda one: one.key)
    if not kinds and not names:
        for note in left_out(api):
            heard(note)


def _plain(api: Asking, plain: Plain) -> Iterator[Document]:
    for one in plain.every(api):
        yield _document(plain.kind, one["name"], {**plain.stated(one), plain.switch: bool(plain.off(api, one))})


def _ended_plans(api: Asking, documents: Sequence[Document]) -> Iterator[Document]:
    """Give the plans that have ended and that documents name: who has one keeps it."""
    named = {one.spec.plan for one in documents if isinstance(one.spec, SubscriptionSpec)}
    named |= {plan for one in documents if isinstance(one.spec, ServiceSpec) for plan in one.spec.design.plans}
    for one in api.items(PLANS.at) if named else ():
        if one["ended_at"] and one["name"] in named:
            yield _document(PLANS.kind, one["name"], {**PLANS.stated(one), PLANS.switch: True})


def _services(api: Asking, names: Sequence[str], heard: Heard) -> Iterator[Document]:
    for one in services.every(api):
        if names and one["slug"] not in names:
            continue
        draft = api.ask("GET", f"{place(one['slug'])}/draft")["draft"]
        releases = list(api.items(f"{place(one['slug'])}/releases"))
        found = carried(api, one, draft, releases)
        definition, hidden = referring(found.design["definition"], one["slug"], one["team"])
        design = {**found.design, "definition": definition}
        spec: dict[str, Any] = {"type": one["kind"], "team": one["team"], "design": design, **found.way}
        for note in (*found.notes, *hidden, *left_beside(releases, found.release)):
            heard(f"Service {one['slug']}: {note}")
        ending = services.deprecation_of(one)
        if ending is not None:
            spec["deprecated"] = msgspec.to_builtins(ending)
        if one["paused_at"]:
            spec["paused"] = services.pause_of(one)
        yield _document("Service", one["slug"], spec)


def _subscriptions(api: Asking, names: Sequence[str], heard: Heard) -> Iterator[Document]:
    applications = {one["id"]: one for one in APPLICATIONS.every(api)}
    slugs = {one["id"]: one["slug"] for one in services.every(api)}
    for one in subscribing.every(api):
        caller, slug = applications.get(one["application"]), slugs.get(one["service"])
        if caller is None or slug is None:
            if not names:
                what = caller["name"] if caller else one["application"]
                to = f"{what} to {slug or one['service']}"
                heard(f"Subscription {to}: it is left out, for one of both has ended or is not yours to see")
            continue
        said = {"application": caller["name"], "team": caller["team"], "service": slug, "plan": one["plan"]}
        more = {"why": one["why"], "approved": one["state"] == "approved", "expires_at": one["expires_at"]}
        yield _document("Subscription", f"{caller['name']} to {slug}"[:100], {**said, **more})


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> Document:
    return read_document({"kind": kind, "name": name, "spec": dict(spec)}, f"{kind} {name}")


def files_of(documents: Sequence[Document], notes: Sequence[str] = ()) -> Mapping[str, str]:
    """Give documents as files by their paths, long texts and documents of services beside them, and the notes."""
    files: dict[str, str] = {}
    for document in documents:
        base = f"{document.kind.lower()}s/{_file_name(document.name)}"
        base = next(one for one in _numbered(base) if f"{one}.yaml" not in files)
        value = written(document)
        if isinstance(document.spec, ServiceSpec):
            files |= _apart(value["spec"].get("design", {}), base)
        files[f"{base}.yaml"] = write_yaml(value)
    references = references_of(documents)
    if references:
        files[REFERENCES] = "".join(f"{one}\n" for one in references)
    if notes:
        files[NOTES] = "".join(f"{harmless(one)}\n" for one in notes)
    return files


def references_of(documents: Sequence[Document]) -> Sequence[str]:
    """Name the secrets that must be there, as references."""
    definitions = [one.spec.design.definition for one in documents if isinstance(one.spec, ServiceSpec)]
    return sorted({found for each in definitions for found in references_in(None, each)})


def _apart(design: dict[str, Any], base: str) -> dict[str, str]:
    """Put what is long into files of its own, and their names in its place."""
    name, files = base.rpartition("/")[2], {}
    if len(design.get("docs", "")) > _LONG:
        files[f"{base}.md"] = design["docs"]
        design["docs"] = {"file": f"{name}.md"}
    definition = design.get("definition", {})
    if isinstance(definition.get("document"), dict) and len(str(definition["document"])) > _LONG:
        files[f"{base}.openapi.yaml"] = write_yaml(definition["document"])
        design["definition"] = {**definition, "document": {"file": f"{name}.openapi.yaml"}}
    return files


def _file_name(name: str) -> str:
    return _NO_NAME.sub("-", name.lower()).strip("-") or "x"


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1
