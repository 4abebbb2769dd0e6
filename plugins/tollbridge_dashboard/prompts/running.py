"""A prompt tried with values: what is sent, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge.screens import Asking, Refused
from tollbridge.screens.forms import sentence
from tollbridge_dashboard.prompts.rows import Typed
from tollbridge_dashboard.prompts.values import NoValue, as_object, read_value, write_value

_ACCEPT = "text/event-stream, application/json;q=0.5, */*;q=0.1"
"""Events say at their end how many tokens there were; what does not stream is answered as JSON or a text."""
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one run.  Where it did not go well, `why` says so, and `fields` what is wrong with which value.

    Tokens and `cost_usd` are None where they are not known; `latency_ms` where nothing was asked.
    """

    good: bool
    output: str = ""
    why: str = ""
    status: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: str | None = None
    latency_ms: int | None = None
    attempts: int | None = None
    stop: str = ""
    cut: bool = False


def samples_of(variables: Any) -> dict[str, str]:
    """Give a value for each variable to begin with: an example or the default, as a form has it."""
    found = {}
    for name, written in as_object(variables).items():
        schema = as_object(written)
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            found[name] = write_value(examples[0], str(schema.get("type", "")))
        else:
            found[name] = write_value(schema["default"], str(schema.get("type", ""))) if "default" in schema else ""
    return found


def values_of(typed: Typed, variables: Any, errors: dict[str, str]) -> dict[str, Any]:
    """Give the values that were typed, by the types of their variables; an empty field sends nothing."""
    found = {}
    for name, written in as_object(variables).items():
        schema = as_object(written)
        said = (typed.get(f"s_{name}") or [""])[0].replace("\r\n", "\n")
        if not said.strip():
            continue
        try:
            found[name] = read_value(said, str(schema.get("type", "")))
        except NoValue:
            errors[f"s_{name}"] = _("Write a value of its type, as JSON.")
    return found


async def run(asking: Asking, slug: str, values: Mapping[str, Any], **what: Any) -> Ran:
    """Try a draft or a release with values, on the account of whoever looks.

    `what` is a number as `release`, or members of the `draft` for this run alone.
    """
    wish = {**what, "method": "POST", "headers": {"accept": _ACCEPT}, "body": values}
    try:
        found = await asking.post(f"/services/{slug}/try", wish)
    except Refused as exc:
        return Ran(False, why=sentence(exc.message), status=exc.status)
    return read_answer(found)


def read_answer(found: Mapping[str, Any]) -> Ran:
    """Read what was answered: events, JSON, a text, or a refusal of the prompt API."""
    kind = found["headers"].get("content-type", "").partition(";")[0]
    body = found["body"] if found["encoding"] == "utf-8" else ""
    known: dict[str, Any] = {"status": found["status"], "latency_ms": found["latency_ms"], "cut": found["cut"]}
    if kind == "text/event-stream":
        return _of_events(body, known)
    if found["status"] >= 400:
        return _refused(_json(body), known)
    said = _json(body) if kind == "application/json" else body
    if isinstance(said, dict) and said.keys() == {"text"} and isinstance(said["text"], str):
        said = said["text"]
    cost = found["headers"].get("x-tollbridge-cost-usd")
    stop = found["headers"].get("x-tollbridge-stop", "")
    return Ran(True, _shown(said), cost_usd=cost, stop=stop, **known)


def _of_events(body: str, known: Mapping[str, Any]) -> Ran:
    for event in reversed(body.split("\n\n")):
        lines = event.split("\n")
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        data = _json("".join(line[6:] for line in lines if line.startswith("data: ")))
        if name == "error":
            return _refused(data, known)
        if name == "result" and isinstance(data, dict):
            usage = data.get("usage") or {}
            return Ran(
                True,
                _shown(data.get("output")),
                input_tokens=usage.get("input_tokens"),
                output_tokens=usage.get("output_tokens"),
                cost_usd=data.get("cost_usd"),
                attempts=data.get("attempts"),
                stop=str(data.get("stop", "")),
                **known,
            )
    return Ran(False, why=_("The answer broke off before its end."), **known)


def _refused(problem: Any, known: Mapping[str, Any]) -> Ran:
    said = problem if isinstance(problem, dict) else {}
    fields = {
        str(one.get("field", "")).lstrip("/").partition("/")[0]: sentence(str(one.get("detail", "")))
        for one in reversed(said.get("errors") or ())
    }
    why = sentence(str(said.get("detail") or said.get("title") or "")) or _("It was answered with an error.")
    return Ran(False, why=why, fields=fields, **{**known, "status": said.get("status", known["status"])})


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _shown(said: Any) -> str:
    shown = said if isinstance(said, str) else json.dumps(said, indent=2, ensure_ascii=False)
    return shown[:_LONGEST]
