"""Documents of what is at a gateway.  Secrets are references there, and stay ones."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge.cli.asking import Asking
from tollbridge.yamltext import write_yaml
from tollbridge_ascode import services, subscribing
from tollbridge_ascode.objects import APPLICATIONS, PLANS, TEAMS, Fields, Plain, compared
from tollbridge_ascode.services import place
from tollbridge_ascode.shapes import SHAPES, Document, ServiceSpec, read_document, written

REFERENCES = "references.txt"
_LONG = 400
"""Characters from which on a text becomes a file beside its document."""
_REFERENCE = re.compile(r"(?:^|\s)((?:env|file|stored):\S+)")
_NO_NAME = re.compile("[^a-z0-9]+")


def exported(api: Asking, kinds: Sequence[str] = (), names: Sequence[str] = ()) -> Iterator[Document]:
    """Give the documents of everything, or of some kinds and names alone, in an order that stays."""
    every = {
        "Team": lambda: _plain(api, TEAMS),
        "Plan": lambda: _plain(api, PLANS),
        "Service": lambda: _services(api, names),
        "Application": lambda: _plain(api, APPLICATIONS),
        "Subscription": lambda: _subscriptions(api),
    }
    for kind in SHAPES:
        if not kinds or kind in kinds:
            found = (one for one in every[kind]() if not names or one.name in names)
            yield from sorted(found, key=lambda one: one.key)


def _plain(api: Asking, plain: Plain) -> Iterator[Document]:
    for one in plain.every(api):
        yield _document(plain.kind, one["name"], plain.stated(one))


def _services(api: Asking, names: Sequence[str]) -> Iterator[Document]:
    for one in services.every(api):
        if names and one["slug"] not in names:
            continue
        draft = api.ask("GET", f"{place(one['slug'])}/draft")["draft"]
        release = _release(api, one)
        spec: dict[str, Any] = {"type": one["kind"], "team": one["team"], "design": draft}
        if release is not None and not _differs(api, one, release, draft):
            spec |= {"version": release["version"], "note": release["note"], "publish": bool(one["live"])}
        yield _document("Service", one["slug"], spec)


def _release(api: Asking, service: Fields) -> Fields | None:
    """Give the release that serves; where none does, the newest."""
    releases = api.items(f"{place(service['slug'])}/releases")
    return next((one for one in releases if service["live"] in (None, "", one["id"])), None)


def _differs(api: Asking, service: Fields, release: Fields, draft: Fields) -> bool:
    """Whether the draft went on since a release was made of it."""
    design = api.ask("GET", f"{place(service['slug'])}/releases/{release['number']}")["design"]
    return bool(design != draft or compared(design, draft))


def _subscriptions(api: Asking) -> Iterator[Document]:
    applications = {one["id"]: one for one in APPLICATIONS.every(api)}
    slugs = {one["id"]: one["slug"] for one in services.every(api)}
    for one in subscribing.every(api):
        caller, slug = applications.get(one["application"]), slugs.get(one["service"])
        if caller is None or slug is None:
            continue
        said = {"application": caller["name"], "team": caller["team"], "service": slug, "plan": one["plan"]}
        more = {"why": one["why"], "approved": one["state"] == "approved", "expires_at": one["expires_at"]}
        yield _document("Subscription", f"{caller['name']} to {slug}"[:100], {**said, **more})


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> Document:
    return read_document({"kind": kind, "name": name, "spec": dict(spec)}, f"{kind} {name}")


def files_of(documents: Sequence[Document]) -> Mapping[str, str]:
    """Give documents as files by their paths, long texts and documents of services beside them."""
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
    return files


def references_of(documents: Sequence[Document]) -> Sequence[str]:
    """Name the secrets that must be there, as references."""
    texts = _texts([msgspec.to_builtins(one.spec.design.definition) for one in documents if _is_service(one)])
    return sorted({found for text in texts for found in _REFERENCE.findall(text)})


def _is_service(document: Document) -> bool:
    return isinstance(document.spec, ServiceSpec)


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


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
