"""A service as it may begin: an OpenAPI document with one upstream, and what of the document was not used.  Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import msgspec

from tollbridge.administering import MOST_DESIGN
from tollbridge_rest.checking import problems_of
from tollbridge_rest.definition import Definition
from tollbridge_rest.documents import BadDocument, Document, document_of, to_json
from tollbridge_rest.documents.bounds import shown
from tollbridge_rest.documents.plain import mapping
from tollbridge_rest.routing import NEVER

UPSTREAM = "main"
_LONGEST_NAME = 100
_MOST_TOLD = 20
"""Names of one sort that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A design, and in sentences what of the document is not used and what must be done before a release."""

    design: dict[str, Any]
    told: tuple[str, ...]
    operations: int


def draft_of(raw: Mapping[str, Any], *, upstream: str = "", source: str = "") -> Drafted:
    """Write a design of the kind `rest` with each operation of a document; raises `BadDocument`.

    Calls go to `upstream`, else to the document's first server, whose URL may be relative to the document's own,
    `source`. Takes seconds for a large document.
    """
    document = document_of(raw)
    url = upstream or _server_of(document, source)
    definition: dict[str, Any] = {"document": dict(raw)}
    if url:
        definition["upstreams"] = {UPSTREAM: {"nodes": [{"url": url}]}}
    title = "".join(sign for sign in document.title if sign.isprintable())
    design = {"name": title[:_LONGEST_NAME], "definition": definition}
    size = len(to_json(design))
    if size > MOST_DESIGN:
        raise BadDocument(
            f"with this document the service has {size:,} bytes of JSON, and a service has at most {MOST_DESIGN:,}; "
            "leave operations or examples out"
        )
    told = (*_ignored(document, bool(upstream)), *_found(definition, url))
    served = sum(each.method not in NEVER for each in document.operations)
    return Drafted(design, told, served)


def _server_of(document: Document, source: str) -> str:
    """Give the URL of the first server, empty where none is absolute in the end."""
    said = document.servers[0].url if document.servers else ""
    try:
        url = urljoin(source, said) if said else ""
    except ValueError:
        url = said
    return url.rstrip("/") if "://" in url else ""


def _ignored(document: Document, elsewhere: bool) -> Iterator[str]:
    """Say what of the document is not used; `elsewhere`: calls go to none of its servers."""
    unused = [each.url for each in document.servers[0 if elsewhere else 1 :]]
    if unused:
        yield f"servers are not used: {_listed(unused)}"
    own = [each.name for each in document.operations if each.servers]
    if own:
        yield f"servers of single operations are not used: {_listed(own)}"
    if document.security or document.schemes or any(each.security for each in document.operations):
        schemes = _listed(document.schemes) or "none is described"
        yield f"security is not used ({schemes}): give the upstream its credential as auth"
    unserved = [f"{each.method} {each.path}" for each in document.operations if each.method in NEVER]
    if unserved:
        yield f"methods that are never passed on are left out: {_listed(unserved)}"
    webhooks = mapping(document.raw.get("webhooks"), "webhooks")
    if webhooks:
        yield f"webhooks are no operations: {_listed(webhooks)}"
    renamed = [f"{shown(each.id)} as {each.name}" for each in document.operations if each.name != each.id]
    if renamed:
        yield f"names that fit no scope are changed: {_listed(renamed)}"


def _found(definition: Mapping[str, Any], url: str) -> Iterator[str]:
    """Say what keeps the draft from being released, and what is doubtful."""
    if not url:
        yield "problem: upstreams: the document names no server with a whole URL; say the upstream that calls go to"
    try:
        meant = msgspec.convert(definition, Definition)
    except msgspec.ValidationError as exc:
        yield f"the design does not fit: {exc}"
        return
    problems = [each for each in problems_of(meant) if url or each.field != "default/upstream"]
    for field, count in Counter(each.field for each in problems).items():
        first = next(each for each in problems if each.field == field)
        more = f" ({count - 1} more)" if count > 1 else ""
        yield f"{'warning' if first.warning else 'problem'}: {field}: {first.message}{more}"


def _listed(names: Iterable[object]) -> str:
    """List names, the first of many."""
    found = ["".join(sign if sign.isprintable() else "?" for sign in str(each)) for each in names]
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return ", ".join(each[:200] for each in found[:_MOST_TOLD]) + more
