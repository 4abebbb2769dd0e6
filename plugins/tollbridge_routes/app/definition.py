"""What a service of the wrapped app's routes is made of, as it is written."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._~-]+$")]
Method = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Z]+$")]
Template = Annotated[str, Meta(max_length=200)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a definition."""


class AppRoute(Part, frozen=True, kw_only=True):
    """A route of the app.  Its `name` is the last part of its scope.

    `path` is the app's own template below the prefix, letter for letter (`/orders/{id:int}`), or ends in `/*` for all
    that is below. A body has at most `max_body_bytes`, where that is said. `price_per_call` is in US dollars. `public`:
    it needs no token, and nobody is charged.
    """

    name: Name
    path: Template = ""
    methods: Annotated[tuple[Method, ...], Meta(min_length=1, max_length=20)] = ("GET",)
    summary: Annotated[str, Meta(max_length=500)] = ""
    price_per_call: Annotated[str, Meta(max_length=30)] | None = None
    max_body_bytes: Annotated[int, Meta(ge=0, le=10 * 1024**4)] | None = None
    public: bool = False


class AppDefinition(Part, frozen=True, kw_only=True):
    """Routes of the wrapped app.

    `prefix` is put before the path of a call when it is handed to the app, and stands in none of the service's URLs.
    `openapi` is the app's own description of all of its paths; what is not served is left out when it is published.
    """

    prefix: Template = ""
    routes: Annotated[tuple[AppRoute, ...], Meta(max_length=2_000)] = ()
    openapi: dict[str, Any] | None = None
