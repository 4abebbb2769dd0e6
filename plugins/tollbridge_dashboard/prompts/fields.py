"""A prompt API's definition as the fields of a form, and back.  What has no field stays as it was."""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge_dashboard.prompts.rows import (
    CASE,
    EXAMPLE,
    VARIABLE,
    Typed,
    read_cases,
    read_examples,
    read_variables,
    rows_of,
    write_cases,
    write_examples,
    write_variables,
)
from tollbridge_dashboard.prompts.values import NoValue, as_list, as_object, read_json, write_json

PARAMETERS = ("temperature", "top_p", "max_output", "seed")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
VERBOSITIES = ("low", "medium", "high")
MEDIA = ("text/plain", "text/markdown", "text/csv", "text/tab-separated-values", "text/calendar", "text/vtt")
_OWN = (*PARAMETERS, "stop", "verbosity")


def write_form(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Write a definition into the fields."""
    output, tests = as_object(definition.get("output")), as_object(definition.get("tests"))
    parameters = as_object(definition.get("parameters"))
    thinking = as_object(parameters.pop("thinking", None))
    effort = thinking.pop("effort", None)
    left = {name: value for name, value in parameters.items() if name not in _OWN}
    plain = {
        **{name: str(definition.get(name, "")) for name in ("model", "system", "user")},
        **{name: _said(parameters.get(name)) for name in PARAMETERS},
        "stop": "\n".join(map(str, as_list(parameters.get("stop")))),
        "verbosity": str(parameters.get("verbosity") or ""),
        "effort": str(effort or ""),
        "more_parameters": write_json({**left, **({"thinking": thinking} if thinking else {})}),
        "output_type": str(output.get("type", "text")),
        "schema": write_json(output.get("schema")),
        "retries": _said(output.get("retries")),
        "media_type": str(output.get("media_type", "text/plain")),
        "exact": "yes" if output.get("exact") else "",
        "gate": _said(tests.get("gate")),
        "stream": "yes" if definition.get("stream", True) else "",
        "chat": "yes" if definition.get("chat") else "",
        "timeout_s": _said(definition.get("timeout_s")),
        "max_age_s": _said(as_object(definition.get("get")).get("max_age_s")),
    }
    return {
        **{name: [value] for name, value in plain.items()},
        **write_variables(as_object(definition.get("variables"))),
        **write_examples(as_list(definition.get("examples"))),
        **write_cases(as_list(tests.get("cases"))),
    }


def read_form(typed: Typed, before: Mapping[str, Any], errors: dict[str, str]) -> dict[str, Any]:
    """Give the definition that was typed; what is wrong is noted under the names of fields."""
    made = dict(before)
    for name in ("model", "system", "user"):
        made[name] = text(typed, name)
    made["model"] = made["model"].strip()
    made["parameters"] = _parameters(typed, errors)
    made["variables"] = read_variables(rows_of(typed, VARIABLE), errors)
    made["output"] = _output(typed, errors)
    _put(made, "examples", read_examples(rows_of(typed, EXAMPLE)))
    _put(made, "tests", _tests(typed, errors))
    _put(made, "timeout_s", number(typed, "timeout_s", errors))
    age = number(typed, "max_age_s", errors)
    _put(made, "get", None if age is None else {"max_age_s": age})
    made["stream"], made["chat"] = bool(text(typed, "stream")), bool(text(typed, "chat"))
    return made


def text(typed: Typed, name: str) -> str:
    """Give what stands in a field, with the ends of its lines as templates have them."""
    return (typed.get(name) or [""])[0].replace("\r\n", "\n")


def number(typed: Typed, name: str, errors: dict[str, str]) -> int | float | None:
    """Give a number, None for nothing."""
    said = text(typed, name).strip()
    if not said:
        return None
    try:
        found = read_json(said)
    except NoValue:
        found = None
    if isinstance(found, bool) or not isinstance(found, int | float):
        errors[name] = _("Write a number.")
        return None
    return found


def _parameters(typed: Typed, errors: dict[str, str]) -> dict[str, Any]:
    found = _json_of(typed, "more_parameters", errors)
    for name in PARAMETERS:
        value = number(typed, name, errors)
        if value is not None:
            found[name] = value
    stop = [line for line in text(typed, "stop").split("\n") if line]
    if stop:
        found["stop"] = stop
    if text(typed, "verbosity"):
        found["verbosity"] = text(typed, "verbosity")
    if text(typed, "effort"):
        thinking = found.get("thinking")
        found["thinking"] = {**(thinking if isinstance(thinking, dict) else {}), "effort": text(typed, "effort")}
    return found


def _output(typed: Typed, errors: dict[str, str]) -> dict[str, Any]:
    kind = text(typed, "output_type") or "text"
    found: dict[str, Any] = {"type": kind}
    retries = number(typed, "retries", errors)
    if retries is not None:
        found["retries"] = retries
    if kind == "json":
        schema = _json_of(typed, "schema", errors)
        return {**found, **({"schema": schema} if schema else {})}
    if text(typed, "media_type") not in ("", "text/plain"):
        found["media_type"] = text(typed, "media_type")
    return {**found, **({"exact": True} if text(typed, "exact") else {})}


def _tests(typed: Typed, errors: dict[str, str]) -> dict[str, Any]:
    cases, gate = read_cases(rows_of(typed, CASE), errors), number(typed, "gate", errors)
    return {**({"cases": cases} if cases else {}), **({} if gate is None else {"gate": gate})}


def _json_of(typed: Typed, name: str, errors: dict[str, str]) -> dict[str, Any]:
    said = text(typed, name).strip()
    try:
        found = read_json(said) if said else {}
    except NoValue:
        found = None
    if not isinstance(found, dict):
        errors[name] = _("Write a JSON object.")
        return {}
    return found


def _put(made: dict[str, Any], name: str, value: Any) -> None:
    """Say a member only where there is something to say."""
    if value in (None, [], {}):
        made.pop(name, None)
    else:
        made[name] = value


def _said(value: object) -> str:
    return "" if value is None else str(value)


def names_of(typed: Typed) -> Sequence[str]:
    """Give the names of the variables as they were typed."""
    return [row["v_name"].strip() for row in rows_of(typed, VARIABLE)]
