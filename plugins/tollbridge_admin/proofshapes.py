"""Trials of services as the API says them: what came of them, and what is tried with one request."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import MEDIAN, SLOWEST, CaseResult, Compared, Evaluation, show_usd
from tollbridge.trying import Attempt, Tried
from tollbridge_admin.designshapes import DraftPatch, ProblemShown
from tollbridge_admin.problems import refused
from tollbridge_admin.tokenshapes import Wish

ReleaseNumber = Annotated[int, Meta(ge=1, le=999_999_999, description="The number of a release.")]
_JSON = "application/json"


class CaseShown(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a case; `cost_usd` is null where a part of it is not known."""

    name: str
    passed: bool
    failures: Sequence[str]
    cost_usd: str | None
    latency_ms: int


class EvaluationShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial gave.  `number` counts from 1 in its release, `digest` is that of what was tried.

    Latencies are of the cases: half of them, and 95 percent, took no longer.
    """

    number: int
    at: datetime
    by: str
    passed: bool
    digest: str
    models: Sequence[str]
    cases_total: int
    cases_passed: int
    cost_usd: str | None
    cost_per_case_usd: str | None
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    cases: Sequence[CaseShown]


class EvaluationsShown(msgspec.Struct, frozen=True):
    """What is kept of the trials of a release, the newest first."""

    items: Sequence[EvaluationShown]


class ProvedShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial found: nothing in `problems` is good; `evaluation` is what is kept of it."""

    problems: Sequence[ProblemShown]
    evaluation: EvaluationShown


class AttemptWish(Wish, frozen=True):
    """A request to try a draft with, or where one is named a release.

    `draft` is what members of the draft are to be for this trial alone (RFC 7396), which no release has. `body` is sent
    as JSON; a text is sent as it is where `content-type` among the headers says something else.
    """

    release: ReleaseNumber | UnsetType = UNSET
    draft: DraftPatch | UnsetType = UNSET
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "POST"
    path: Annotated[str, Meta(pattern=r"^(/.*)?$", max_length=2_000, description="Below the service.")] = ""
    query: Annotated[str, Meta(pattern=r"^[!-~]*$", max_length=8_000, description="Without the question mark.")] = ""
    headers: Annotated[dict[str, Annotated[str, Meta(max_length=4_000)]], Meta(max_length=50)] = msgspec.field(
        default_factory=dict
    )
    body: Any = UNSET


class TriedShown(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered.  `encoding` is that of `body`; `cut`: only its first mebibyte is here."""

    status: int
    headers: dict[str, str]
    body: str
    encoding: Literal["utf-8", "base64"]
    cut: bool
    latency_ms: int


class ModelPriceShown(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is called, and what a million of its tokens cost; null where that is not known."""

    model: str
    input_usd: str | None
    output_usd: str | None


class SideShown(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison: the models it calls, and its last trial, null where there was none."""

    models: Sequence[ModelPriceShown]
    evaluation: EvaluationShown | None


class FiguresShown(msgspec.Struct, frozen=True, kw_only=True):
    """What trials gave before and after, and by how much that differs; null where one of the two has no figure.

    `failing` are cases that fail and did not before, `passing` those that pass and did not.
    """

    before: SideShown
    after: SideShown
    cases_passed: int | None
    cost_per_case_usd: str | None
    failing: Sequence[str]
    passing: Sequence[str]


def evaluation_shown(found: Evaluation) -> EvaluationShown:
    """Give what a trial gave as it is shown."""
    return EvaluationShown(
        number=found.number,
        at=found.at,
        by=found.by,
        passed=found.passed,
        digest=found.digest.hex(),
        models=found.models,
        cases_total=len(found.cases),
        cases_passed=found.good,
        cost_usd=_usd(found.cost),
        cost_per_case_usd=_usd(found.cost_per_case),
        latency_p50_ms=found.latency_ms(MEDIAN),
        latency_p95_ms=found.latency_ms(SLOWEST),
        cases=tuple(map(_case_shown, found.cases)),
    )


def figures_shown(before: SideShown, after: SideShown, found: Compared) -> FiguresShown:
    """Give what differs between two trials as it is shown."""
    return FiguresShown(
        before=before,
        after=after,
        cases_passed=found.good,
        cost_per_case_usd=_usd(found.cost_per_case),
        failing=found.failing,
        passing=found.passing,
    )


def attempt_of(wish: AttemptWish) -> Attempt:
    """Give the request that is wished for; raises `FieldsRefused` for a header that is there twice."""
    headers = {name.lower(): value for name, value in wish.headers.items()}
    if len(headers) < len(wish.headers):
        raise refused("headers", "a header is there twice; its name is the same in small letters")
    body = b""
    if wish.body is not UNSET:
        kind = headers.setdefault("content-type", _JSON).partition(";")[0].strip().lower()
        is_text = isinstance(wish.body, str) and kind != _JSON and not kind.endswith("+json")
        body = wish.body.encode("utf-8") if is_text else msgspec.json.encode(wish.body)
    return Attempt(method=wish.method, path=wish.path, query=wish.query, headers=headers, body=body)


def tried_shown(found: Tried) -> TriedShown:
    """Give an answer as it is shown."""
    try:
        body, encoding = found.body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        body, encoding = b64encode(found.body).decode("ascii"), "base64"
    return TriedShown(
        status=found.status,
        headers=dict(found.headers),
        body=body,
        encoding="utf-8" if encoding == "utf-8" else "base64",
        cut=found.cut,
        latency_ms=round(found.latency_s * 1_000),
    )


def _case_shown(case: CaseResult) -> CaseShown:
    return CaseShown(
        name=case.name,
        passed=case.passed,
        failures=case.failures,
        cost_usd=_usd(case.cost),
        latency_ms=case.latency_ms,
    )


def _usd(nano: int | None) -> str | None:
    return None if nano is None else show_usd(nano)
