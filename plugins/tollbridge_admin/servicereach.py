"""Which services a caller sees, and which secrets one may name in a definition."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge import Gateway, NotFound
from tollbridge.administering import STORED_NAME, Design, Problem, Service, ServiceKind, references_of
from tollbridge_admin.asking import Asked
from tollbridge_admin.problems import refused

DEFINITION = "draft.definition"
_STORED = re.compile(f"stored:({STORED_NAME})")


async def see_service(gateway: Gateway, asked: Asked) -> Service:
    """Find the service of the path; raises `NotFound`, also for one of another team."""
    found = await (await gateway.store.services()).get_service(asked.named["service"])
    return within_reach(asked, found)


def within_reach(asked: Asked, found: Service | None) -> Service:
    """Give a service that the caller may see; raises `NotFound`."""
    if found is None or (asked.caller.team and found.team != asked.caller.team):
        raise NotFound("there is no such service")
    return found


def check_references(
    asked: Asked, kind: ServiceKind | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Refuse a definition that names secrets which are not its author's to name; raises `FieldsRefused`.

    Over the API these are `stored:NAME` alone: variables and files are those of the operator's machine. What is sent to
    a service's upstream is its author's to read, so a caller with a team names `stored:TEAM.NAME`, or what the draft
    names already.
    """
    if asked.operator:
        return
    team, known = asked.caller.team, references_of(kind, before)
    for reference in references_of(kind, after):
        found = _STORED.fullmatch(reference)
        if found is None:
            raise refused(DEFINITION, "it names a secret that is not stored here; over the API that is stored:NAME")
        if team and not found[1].startswith(f"{team}.") and reference not in known:
            raise refused(DEFINITION, f"it names a secret of others; those of your team are stored:{team}.NAME")


async def lacking_secrets(gateway: Gateway, kind: str, design: Design) -> Sequence[Problem]:
    """Warn of the secrets that a design names and that are not there, as far as this process sees."""
    named = await asyncio.to_thread(references_of, gateway.services.kinds.get(kind), design.definition)
    said = "is not there yet, and calls that need it are refused until it is"
    lacking = await gateway.service_secrets.lacking(sorted(named))
    return [Problem("definition", f"the secret {one[:200]} {said}", warning=True) for one in lacking]
