"""Keys of LiteLLM by its table LiteLLM_VerificationToken, which holds the SHA-256 of each.

The rows are JSON, an array or one object a line, as `SELECT row_to_json(t) FROM "LiteLLM_VerificationToken" t` gives
them in PostgreSQL (litellm/proxy/schema.prisma, read 2026-11).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tollbridge.plainfiles import BadFile, check_bounds, read_text, read_values
from tollbridge_migrate.gathering import Gathering, names_of
from tollbridge_migrate.keys import Unfit, add, budget, expiry, implied_scopes, model_scopes, name_of
from tollbridge_migrate.placing import Places, installed
from tollbridge_migrate.reading import MOST_BYTES, BadForeign, a_count, a_number, a_text, an_object, texts

_HASH = re.compile("[0-9a-f]{64}")
_NARROWING = (
    *("allowed_routes", "policies", "permissions", "object_permission_id", "budget_limits", "model_max_budget"),
    *("access_group_ids", "project_id", "budget_id"),
)
"""What binds a key in a way that tokens are not bound: such a key would be wider here."""
_NARROWING_METADATA = ("model_rpm_limit", "model_tpm_limit", "enforced_params", "guardrails", "policies")
"""The same, where it stands in the metadata of a key (proxy/_types.py)."""
_EVERY_MODEL = "all-proxy-models"
_TEAMS_MODELS, _NO_MODEL = "all-team-models", "no-default-models"
_MOST_VALUES = 2_000_000


def read_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """Read the rows of a file; raises `BadForeign`."""
    try:
        text = read_text(path, most=MOST_BYTES)
        if text.lstrip().startswith("["):
            found = read_values(text, "json")[0][0]
        else:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
            check_bounds(found, most=_MOST_VALUES)
    except (BadFile, RecursionError, ValueError):
        raise BadForeign(f"{path} is no table of keys: JSON, an array or one object a line, of up to 16 MiB") from None
    return [an_object(row) for row in found]


def read_keys(
    rows: Sequence[Mapping[str, Any]],
    gathering: Gathering,
    now: datetime,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Gather keys as tokens to be imported.  `groups` are the models of access groups, by the names of those."""
    there = _There(groups or {}, gathering.models.keys(), implied_scopes(_callable(gathering)))
    for number, row in enumerate(rows, 1):
        name = name_of(a_text(row.get("key_alias")), a_text(row.get("key_name")), f"litellm {number}")
        try:
            line, lost = _line(name, row, now, there)
        except Unfit as exc:
            gathering.left("key", name, str(exc))
        else:
            add(gathering, name, line, lost)


def _callable(gathering: Gathering) -> Iterator[str]:
    """Name what callers can name, with a `*` behind a provider of which that is every model."""
    yield from (model for model in gathering.models if "*" not in model)
    places = Places(installed(), gathering.hosts)
    yield from (f"{name}/*" for host in gathering.whole if (name := places.name(host)))


@dataclass(frozen=True, slots=True)
class _There:
    """What there is to call: models, those of access groups, and the scopes of keys that name none."""

    groups: Mapping[str, Sequence[str]]
    models: Collection[str]
    implied: tuple[list[str], str]


def _line(name: str, row: Mapping[str, Any], now: datetime, there: _There) -> tuple[Mapping[str, Any], Sequence[str]]:
    if not _HASH.fullmatch(a_text(row.get("token"))):
        raise Unfit("its token is no SHA-256 in hexadecimal")
    if row.get("blocked"):
        raise Unfit("it is blocked")
    about = an_object(row.get("metadata"))
    bound = [*(key for key in _NARROWING if row.get(key)), *(key for key in _NARROWING_METADATA if about.get(key))]
    if bound:
        raise Unfit(f"it is bound by {', '.join(bound)}, which tokens are not; make one by hand")
    money, lost = _money(row)
    scopes, narrower = _scopes(_models(row, there.groups), there.implied)
    lost += [narrower] if narrower else []
    line = {
        "name": name,
        "hash": f"sha256:{row['token']}",
        "scopes": scopes,
        "owner": name_of(a_text(row.get("user_id"))) if row.get("user_id") else "",
        "expires": expiry(_moment(row.get("expires")), now),
        "budget": money,
        "requests_per_minute": a_count(row.get("rpm_limit")),
        "tokens_per_minute": a_count(row.get("tpm_limit")),
        "concurrency": a_count(row.get("max_parallel_requests")),
        "metadata": {"litellm_team": row["team_id"][:200]} if a_text(row.get("team_id")) else {},
    }
    zero = [key for key in ("rpm_limit", "tpm_limit", "max_parallel_requests") if row.get(key) == 0]
    if zero:
        raise Unfit(f"its {', '.join(zero)} is 0, so it may do nothing")
    for key, why in (
        ("team_id", "its team's limits and budget do not bind it; give it a team of yours"),
        ("user_id", "what its user may spend and call does not bind it"),
        ("agent_id", "the limits of its agent do not bind it"),
        ("organization_id", "its organization is not there"),
        ("aliases", "its own names of models are not there"),
        ("router_settings", "its own fallbacks and the like are not there"),
    ):
        if row.get(key):
            lost.append(why)
    named = [one for one in _models(row, there.groups) if "*" not in one and one != _EVERY_MODEL]
    gone = [one for one in named if one not in there.models]
    if gone:
        lost.append(f"no model {names_of(gone)} was carried over")
    return line, lost


def _models(row: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Name the models of a key; an access group stands for those that are in it."""
    models = texts(row.get("models"))
    if not models and a_text(row.get("team_id")):
        raise Unfit("it may call the models of its team, which this table does not name; name them in its models")
    return [model for one in models for model in groups.get(one, (one,))]


def _scopes(models: Sequence[str], implied: tuple[list[str], str]) -> tuple[list[str], str]:
    """Give what a key may call, and what of that it may not here; `implied` is that of one that names no models."""
    if not models or _EVERY_MODEL in models:
        if not implied[0]:
            raise Unfit(implied[1])
        return implied
    if _TEAMS_MODELS in models:
        raise Unfit("it may call the models of its team, which this table does not name")
    if _NO_MODEL in models:
        raise Unfit("it may call no model")
    return model_scopes(models), ""


def _money(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    most, spent = a_number(row.get("max_budget")), a_number(row.get("spend")) or 0
    if row.get("max_budget") is None:
        return "", []
    if most is None or not 0 < most <= 1_000_000_000:
        raise Unfit("its budget lets nothing through")
    span = a_text(row.get("budget_duration"))
    if not span and most - spent <= 0:
        raise Unfit("its budget is spent")
    said, lost = budget(most if span else min(most, most - spent), span)
    return said, [lost] if lost else []


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(a_text(value))
    except ValueError:
        raise Unfit("when it expires cannot be read") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
