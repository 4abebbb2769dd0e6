"""Values of JSON as text: JSON itself, and literals of Python and JavaScript; short ones on a line, others indented."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from tollbridge_portal.samples import quoting
from tollbridge_portal.samples.called import JSON

WIDTH = 88
"""Columns that a value on one line may take, with its indent."""

_EXACT = 2**53 - 1
_ATOMS = {"True": "true", "False": "false", "None": "null"}


@dataclass(frozen=True, slots=True)
class Notation:
    """How a language writes values.

    `step` is what further lines are indented by, `pad` what stands within the braces of a line, and `end` behind the
    last member of several lines.
    """

    text: quoting.Literal
    key: quoting.Literal
    atom: Callable[[float | None], str]
    step: str = "  "
    pad: str = ""
    end: str = ""


def json_text(value: JSON, indent: str = "") -> str:
    """Write JSON in which nothing is invisible."""
    return write(value, _JSON, indent)


def python_value(value: JSON, indent: str = "") -> str:
    """Write a literal of Python."""
    return write(value, _PYTHON, indent)


def javascript_value(value: JSON, indent: str = "", taken: int = 0) -> str:
    """Write a literal of JavaScript; `holds_in_javascript` says which values it can hold."""
    return write(value, _JAVASCRIPT, indent, taken)


def holds_in_javascript(value: JSON) -> bool:
    """Say whether JavaScript can hold it: a whole number above 2**53 - 1 would lose its last digits."""
    if isinstance(value, dict):
        return all(map(holds_in_javascript, value.values()))
    if isinstance(value, list):
        return all(map(holds_in_javascript, value))
    return not isinstance(value, int) or abs(value) <= _EXACT


def write(value: JSON, notation: Notation, indent: str = "", taken: int = 0) -> str:
    """Write a value whose further lines begin with `indent`; `taken` columns of its first line are used already."""
    if isinstance(value, str):
        return notation.text(value)
    if not isinstance(value, (dict, list)):
        return notation.atom(value)
    flat = _flat(value, notation)
    if not value or len(indent) + taken + len(flat) <= WIDTH:
        return flat

    inner = indent + notation.step
    if isinstance(value, dict):
        members = []
        for name, member in value.items():
            key = f"{notation.key(name)}: "
            members.append(key + write(member, notation, inner, len(key)))
    else:
        members = [write(member, notation, inner) for member in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}\n{inner}" + f",\n{inner}".join(members) + f"{notation.end}\n{indent}{end}"


def _flat(value: JSON, notation: Notation) -> str:
    if isinstance(value, dict) and value:
        members = ", ".join(f"{notation.key(name)}: {_flat(member, notation)}" for name, member in value.items())
        return f"{{{notation.pad}{members}{notation.pad}}}"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(member, notation) for member in value) + "]"
    return notation.text(value) if isinstance(value, str) else notation.atom(value)


def _json_literal(text: str) -> str:
    signs = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in signs)


def _json_atom(value: float | None) -> str:
    return _ATOMS.get(str(value)) or repr(value)


def javascript_key(text: str) -> str:
    """Write the name of a member; `__proto__` alone would set the object's prototype."""
    literal = quoting.javascript(text)
    if text == "__proto__":
        return f"[{literal}]"
    return text if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", text) else literal


_JSON = Notation(_json_literal, _json_literal, _json_atom)
_PYTHON = Notation(quoting.python, quoting.python, repr, step="    ", end=",")
_JAVASCRIPT = Notation(quoting.javascript, javascript_key, _json_atom, pad=" ", end=",")
