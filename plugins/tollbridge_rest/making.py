"""A definition as it is meant: its routes, whether it names them or its document does, and its document, read."""

from dataclasses import dataclass

from tollbridge_rest.definition import Definition, Route, Terms
from tollbridge_rest.documents.building import document_of
from tollbridge_rest.documents.model import Document
from tollbridge_rest.routing import NEVER


@dataclass(frozen=True, slots=True)
class Meant:
    """Routes and document of a definition.  Calls of the routes that are `disabled` by name are refused."""

    routes: tuple[Route, ...]
    document: Document | None
    disabled: frozenset[str] = frozenset()

    @property
    def served(self) -> tuple[Route, ...]:
        """Give the routes that can be called."""
        return tuple(route for route in self.routes if route.name not in self.disabled)


def read_definition(definition: Definition) -> Meant:
    """Read a definition; raises `BadDocument` for a document that cannot be used."""
    document = None if definition.document is None else document_of(definition.document)
    disabled = frozenset(definition.disabled)
    if definition.routes or document is None:
        return Meant(definition.routes, document, disabled)
    terms = {name: getattr(definition.default, name) for name in Terms.__struct_fields__}
    if not terms["upstream"] and len(definition.upstreams) == 1:
        terms["upstream"] = next(iter(definition.upstreams))
    routes = tuple(
        Route(name=each.name, path=each.path, methods=(each.method,), summary=each.summary[:500], **terms)
        for each in document.operations
        if each.method not in NEVER
    )
    return Meant(routes, document, disabled)
