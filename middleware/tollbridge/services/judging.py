"""What a kind makes of a design.  It is worked out in a thread: a definition may be megabytes, and take seconds."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tollbridge.errors import BadRequest
from tollbridge.services.book import decoded
from tollbridge.services.kinds import HandingKind, Problem, Running, ServiceKind
from tollbridge.services.model import Design
from tollbridge.services.wishes import problems_of

DRAFT = "draft"
"""What a draft that is tried says as its version."""
_MOST_SHOWN = 20


class Trial(Struct, frozen=True):
    """What is tried, and the kind that it is of."""

    kind: ServiceKind
    running: Running


class Judged(Struct, frozen=True):
    """A design that can be published.

    `models` and `routes`, of the wrapped app, are what it comes to. `gated`: it must have passed a trial, where the
    configuration asks for that.
    """

    definition: Any
    models: tuple[str, ...]
    routes: tuple[str, ...]
    gated: bool


async def problems_in(kind: ServiceKind, design: Design) -> Sequence[Problem]:
    """Say what keeps a design from being published, and what is doubtful."""
    return await asyncio.to_thread(problems_of, kind, design)


async def judged(kind: ServiceKind, design: Design) -> Judged:
    """Look at a design that is to be published; raises `BadRequest` (422) for one that cannot be yet."""
    return await asyncio.to_thread(_judged, kind, design)


def _judged(kind: ServiceKind, design: Design) -> Judged:
    found = [problem for problem in problems_of(kind, design) if not problem.warning]
    if found:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in found[:_MOST_SHOWN])
        raise BadRequest(f"this cannot be published yet: {said}", code="not_ready", status=422, param=found[0].field)
    definition = decoded(kind, design)
    routes = tuple(kind.app_routes(definition)) if isinstance(kind, HandingKind) else ()
    return Judged(definition, tuple(kind.models(definition)), routes, kind.gated(definition))
