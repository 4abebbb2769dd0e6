"""An OpenAPI document as data.  Schemas stay as they were written, with their references."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class Place(StrEnum):
    """Where a parameter is.  `QUERYSTRING` is the whole query as one value (OpenAPI 3.2)."""

    PATH = "path"
    QUERY = "query"
    QUERYSTRING = "querystring"
    HEADER = "header"
    COOKIE = "cookie"


class Style(StrEnum):
    """How a value is written as text (OpenAPI 3.2, 4.12.3)."""

    MATRIX = "matrix"
    LABEL = "label"
    SIMPLE = "simple"
    FORM = "form"
    SPACES = "spaceDelimited"
    PIPES = "pipeDelimited"
    DEEP = "deepObject"
    COOKIE = "cookie"


class Part(msgspec.Struct, frozen=True, gc=False):
    """A piece of a document."""


class Example(Part, frozen=True):
    """An example with its name.  `written`: it is the text as it is sent, not a value."""

    name: str
    value: Any
    written: bool = False


class Encoding(Part, frozen=True):
    """How one field of a form is written.  `media` is its content type, empty where that follows from its schema."""

    media: str = ""
    style: Style = Style.FORM
    explode: bool = True


class Media(Part, frozen=True):
    """A body of one media type, which is in lower case and without parameters; `written` is as the document has it."""

    type: str
    written: str
    schema: Any = True
    examples: tuple[Example, ...] = ()
    encoding: Mapping[str, Encoding] = {}


class Parameter(Part, frozen=True):
    """What is sent beside the body, or a header of an answer.  With `media` its text is a value of that type."""

    name: str
    place: Place
    required: bool
    schema: Any = True
    style: Style = Style.SIMPLE
    explode: bool = False
    empty: bool = False
    deprecated: bool = False
    description: str = ""
    media: Media | None = None
    examples: tuple[Example, ...] = ()

    @property
    def where(self) -> str:
        """What findings call it, such as `query.limit`."""
        return f"{self.place}.{self.name}"


class Body(Part, frozen=True):
    """What a request may carry."""

    required: bool
    content: tuple[Media, ...]


class Answer(Part, frozen=True):
    """A response.  `status` is a number, a range such as `2XX`, or `default`."""

    status: str
    description: str = ""
    headers: tuple[Parameter, ...] = ()
    content: tuple[Media, ...] = ()


class Server(Part, frozen=True):
    """Where the API is, with variables replaced by their defaults."""

    url: str
    description: str = ""


Alternative = Mapping[str, tuple[str, ...]]
"""Security schemes that are needed together, with their scopes.  An empty one is a call without credentials."""


class Operation(Part, frozen=True):
    """One method of one path.

    `id` is the document's own or one made of method and path. `name` is the same, fit for a scope: A-Z, a-z, 0-9 and
    `._~-`, at most 100 characters. Both are unique. `method` is in capitals, `path` the template.
    """

    id: str
    name: str
    method: str
    path: str
    summary: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...] = ()
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    servers: tuple[Server, ...] = ()
    security: tuple[Alternative, ...] = ()


class Document(Part, frozen=True):
    """An API.  `openapi` is the version of the format, `version` that of the API; `raw` is what was read."""

    raw: Mapping[str, Any]
    openapi: str
    title: str
    version: str
    description: str = ""
    servers: tuple[Server, ...] = ()
    operations: tuple[Operation, ...] = ()
    tags: tuple[str, ...] = ()
    security: tuple[Alternative, ...] = ()
    schemes: Mapping[str, Mapping[str, Any]] = {}

    @property
    def old(self) -> bool:
        """Whether its schemas are those of OpenAPI 3.0, which are not JSON Schema 2020-12."""
        return self.openapi.startswith("3.0")
