"""Lists within the editor's form, one row for each entry: variables, examples and cases of the test set.

Each column of a list is a field that is sent once for each row, so that rows are told apart by their places.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge_dashboard.prompts.values import (
    TYPES,
    NoValue,
    as_object,
    read_json,
    read_value,
    write_json,
    write_value,
)

Typed = Mapping[str, Sequence[str]]
VARIABLE = ("v_name", "v_type", "v_required", "v_default", "v_about", "v_more")
EXAMPLE = ("x_user", "x_assistant")
CASE = ("c_name", "c_variables", "c_expect")
_REQUIRED = {"": None, "yes": True, "no": False}
_SHOWN = ("type", "required", "default", "description")


def rows_of(typed: Typed, columns: Sequence[str]) -> list[dict[str, str]]:
    """Give the rows of a list as they were typed; empty ones are left out."""
    length = max((len(typed.get(name, ())) for name in columns), default=0)
    rows = []
    for at in range(length):
        row = {name: (typed[name][at] if at < len(typed.get(name, ())) else "") for name in columns}
        if any(row[name].strip() for name in columns if name not in ("v_type", "v_required")):
            rows.append({name: value.replace("\r\n", "\n") for name, value in row.items()})
    return rows


def write_variables(variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """Write variables as rows."""
    found: dict[str, list[str]] = {name: [] for name in VARIABLE}
    for name, written in variables.items():
        schema = as_object(written)
        kind = schema.get("type")
        kind = kind if isinstance(kind, str) and kind in TYPES else ""
        required = schema.get("required")
        shown = [one for one in _SHOWN if one != "type" or kind]
        row = (
            name,
            kind,
            "" if required is None else "yes" if required else "no",
            write_value(schema["default"], kind) if "default" in schema else "",
            str(schema.get("description", "")),
            write_json({key: value for key, value in schema.items() if key not in shown}),
        )
        for column, value in zip(VARIABLE, row, strict=True):
            found[column].append(value)
    return found


def read_variables(rows: Sequence[Mapping[str, str]], errors: dict[str, str]) -> dict[str, Any]:
    """Read them; what is wrong with a row is noted under the field and the row's place, such as `v_default_0`."""
    found: dict[str, Any] = {}
    for at, row in enumerate(rows):
        name, kind = row["v_name"].strip(), row["v_type"]
        if not name:
            errors[f"v_name_{at}"] = _("Give the variable a name.")
        elif name in found:
            errors[f"v_name_{at}"] = _("There are two variables of this name.")
        schema: dict[str, Any] = {"type": kind} if kind in TYPES else {}
        schema |= _object(row["v_more"], f"v_more_{at}", errors)
        if _REQUIRED.get(row["v_required"]) is not None:
            schema["required"] = _REQUIRED[row["v_required"]]
        if row["v_default"].strip():
            try:
                schema["default"] = read_value(row["v_default"].strip(), kind)
            except NoValue:
                errors[f"v_default_{at}"] = _("Write a value of its type, as JSON.")
        if row["v_about"].strip():
            schema["description"] = row["v_about"].strip()
        found[name] = schema
    return found


def write_examples(examples: Sequence[Any]) -> dict[str, list[str]]:
    """Write turns as rows."""
    each = [as_object(one) for one in examples]
    return {f"x_{name}": [str(one.get(name, "")) for one in each] for name in ("user", "assistant")}


def read_examples(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Read them."""
    return [{"user": row["x_user"], "assistant": row["x_assistant"]} for row in rows]


def write_cases(cases: Sequence[Any]) -> dict[str, list[str]]:
    """Write cases as rows."""
    each = [as_object(one) for one in cases]
    return {
        "c_name": [str(one.get("name", "")) for one in each],
        "c_variables": [write_json(one.get("variables")) for one in each],
        "c_expect": [write_json(one.get("expect")) for one in each],
    }


def read_cases(rows: Sequence[Mapping[str, str]], errors: dict[str, str]) -> list[dict[str, Any]]:
    """Read them; what is wrong is noted as with variables."""
    found = []
    for at, row in enumerate(rows):
        expect: Any = []
        if row["c_expect"].strip():
            try:
                expect = read_json(row["c_expect"])
            except NoValue:
                expect = None
        if not isinstance(expect, list):
            errors[f"c_expect_{at}"] = _("Write a JSON list of what must hold.")
        variables = _object(row["c_variables"], f"c_variables_{at}", errors)
        found.append({"name": row["c_name"].strip(), "variables": variables, "expect": expect})
    return found


def _object(typed: str, field: str, errors: dict[str, str]) -> dict[str, Any]:
    """Read a JSON object, an empty one of nothing."""
    if not typed.strip():
        return {}
    try:
        found = read_json(typed)
    except NoValue:
        found = None
    if not isinstance(found, dict):
        errors[field] = _("Write a JSON object.")
        return {}
    return found
