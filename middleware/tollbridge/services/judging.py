"""What a kind makes of a design.  It is worked out in a thread: a definition may be megabytes, and take seconds."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tollbridge.errors import BadRequest
from tollbridge.services.book import decoded
from tollbridge.services.kinds import HandingKind, Problem, Running, ServiceKind
from tollbridge.services.model import Design, Named
from tollbridge.services.wishes import PolicyProblems, problems_of

DRAFT = "draft"
"""What a draft that is tried says as its version."""
_MOST_SHOWN = 20


class Trial(Struct, frozen=True):
    """What is tried, the kind that it is of, and the policies around it."""

    kind: ServiceKind
    running: Running
    policies: Named = {}


class Judged(Struct, frozen=True):
    """A design that can be published.

    `models` and `routes`, of the wrapped app, are what it comes to. `gated`: it must have passed a trial, where the
    configuration asks for that. `policies` are run around it.
    """

    definition: Any
    models: tuple[str, ...]
    routes: tuple[str, ...]
    gated: bool
    policies: Named = {}


async def problems_in(kind: ServiceKind, design: Design, policies: PolicyProblems) -> Sequence[Problem]:
    """Say what keeps a design from being published, and what is doubtful."""
    return await asyncio.to_thread(problems_of, kind, design, policies)


async def judged(kind: ServiceKind, design: Design, policies: PolicyProblems) -> Judged:
    """Look at a design that is to be published; raises `BadRequest` (422) for one that cannot be yet."""
    return await asyncio.to_thread(_judged, kind, design, policies)


def _judged(kind: ServiceKind, design: Design, policies: PolicyProblems) -> Judged:
    found = [problem for problem in problems_of(kind, design, policies) if not problem.warning]
    if found:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in found[:_MOST_SHOWN])
        raise BadRequest(f"this cannot be published yet: {said}", code="not_ready", status=422, param=found[0].field)
    definition = decoded(kind, design)
    routes = tuple(kind.app_routes(definition)) if isinstance(kind, HandingKind) else ()
    models, gated = tuple(kind.models(definition)), kind.gated(definition)
    return Judged(definition, models, routes, gated, design.policies)
