"""Reranking and counting, whatever dialect they are asked in."""

import msgspec

from tollbridge.formats.values import JSON, NO_EXTRAS, Extras
from tollbridge.metering.usage import Usage


class RerankRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Documents to be put in order for a query; a document is a text or an object of texts.

    `top` is how many are wanted. `echo`: the documents are wanted in the answer. `longest` is in tokens a document.
    """

    origin: str
    model: str
    query: str
    documents: tuple[JSON, ...]
    top: int | None = None
    echo: bool | None = None
    longest: int | None = None
    extras: Extras = NO_EXTRAS


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A document's place: `index` in the request, `score` the higher the better."""

    index: int
    score: JSON
    document: JSON = None
    extras: Extras = NO_EXTRAS


class RerankResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The documents, best first.  `searches` is what some providers charge by."""

    origin: str
    id: str = ""
    model: str = ""
    results: tuple[Ranked, ...] = ()
    usage: Usage | None = None
    wire_usage: JSON = None
    searches: int | None = None
    extras: Extras = NO_EXTRAS


class CountResponse(msgspec.Struct, frozen=True, kw_only=True):
    """How many tokens a request has.  `estimated`: it was not counted by the provider of the model.

    What is asked is a `Request`.
    """

    origin: str
    tokens: int
    cached: int | None = None
    estimated: bool = False
    extras: Extras = NO_EXTRAS
