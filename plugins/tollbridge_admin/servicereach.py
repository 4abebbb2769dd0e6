"""Which services a caller sees, and which secrets one may name in a definition."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tollbridge import Gateway, NotFound
from tollbridge.administering import (
    MODEL,
    STORED_NAME,
    Design,
    Problem,
    Service,
    ServiceKind,
    clear_secrets,
    decoded,
    references_of,
)
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
    """Refuse a definition that holds secrets, or names some which are not its author's; raises `FieldsRefused`.

    Over the API these are `stored:NAME` alone: variables and files are those of the operator's machine. What is sent to
    a service's upstream is its author's to read, so a caller with a team names `stored:TEAM.NAME`, or what the draft
    names already. Nobody writes a secret itself where something is sent along with a call: whoever reads the draft
    would read it, and each export would hold it.
    """
    for path in clear_secrets(after):
        where = "/".join(name[:60] for name in path)
        raise refused(DEFINITION, f"a secret does not belong in it, at {where}; store it, and write stored:NAME there")
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


async def lacking_models(gateway: Gateway, asked: Asked, kind: str, design: Design) -> Sequence[Problem]:
    """Warn of the models that a design names and that are not offered, as far as the caller may know of them."""
    made = gateway.services.kinds.get(kind)
    try:
        named = made.models(await asyncio.to_thread(decoded, made, design)) if made is not None else ()
    except msgspec.ValidationError:  # which is said already
        return []
    lacking = [one for one in named if not one.startswith(MODEL) and not gateway.routes.resolve(one)]
    known = [one for one in lacking if asked.operator or f"model:{one}" in asked.caller.scopes]
    said = "is not offered now, and calls are refused until it is"
    return [Problem("definition", f"the model {one[:200]} {said}", warning=True) for one in known]
