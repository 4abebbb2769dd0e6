"""The variables of a prompt API: their schemas, their defaults, and the values that a call brings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import PROBLEMS
from tollbridge_prompts.checkcost import STEPS
from tollbridge_prompts.refusals import FieldError, InputRefused
from tollbridge_prompts.schemas import Schema, too_much
from tollbridge_prompts.schematypes import said_types, types_of
from tollbridge_prompts.template import NAME
from tollbridge_prompts.valuesize import size_of

NOTHING = object()
"""Stands for a default that is not there; null is one."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.  `schema` is its JSON Schema alone, without the members of our own."""

    name: str
    schema: Mapping[str, Any]
    required: bool
    default: Any = NOTHING

    @property
    def has_default(self) -> bool:
        """Whether it has a value where none is given."""
        return self.default is not NOTHING

    @property
    def types(self) -> tuple[str, ...]:
        """Give the types its schema says, none where it says none."""
        return said_types(self.schema)

    @property
    def read_as(self) -> tuple[str, ...]:
        """Give the types that a text is read as, by references, alternatives and constants too; none where any fits."""
        return types_of(self.schema)


def read_variable(name: str, said: Mapping[str, Any]) -> Variable:
    """Take a variable apart.

    `required` is ours where it is true or false; a list is JSON Schema's own, about the properties of an object.
    """
    required = said.get("required")
    ours = isinstance(required, bool)
    schema = {keyword: value for keyword, value in said.items() if not (ours and keyword == "required")}
    default = said.get("default", NOTHING)
    return Variable(name, schema, required is True if ours else default is NOTHING, default)


def read_variables(said: Mapping[str, Mapping[str, Any]]) -> tuple[Variable, ...]:
    """Take all apart."""
    return tuple(read_variable(name, one) for name, one in said.items())


def lone_of(variables: tuple[Variable, ...]) -> str:
    """Give the name of the variable that a mere text stands for; empty where there is no such one.

    It is the only one that is required, and takes texts.
    """
    required = [one for one in variables if one.required]
    return required[0].name if len(required) == 1 and required[0].types == ("string",) else ""


class Inputs:
    """What a call may bring.  Raises `UnusableSchema` for a schema that `checking` would have named."""

    def __init__(self, variables: tuple[Variable, ...]) -> None:
        self.variables = variables
        self._by_name = {one.name: one for one in variables}
        self._schemas = {one.name: Schema(dict(one.schema)) for one in variables}

    @property
    def lone(self) -> str:
        """Give the name of the variable that a mere text stands for; empty where there is no such one."""
        return lone_of(self.variables)

    def fits(self, name: str, value: Any) -> bool:
        """Whether a value fits a variable that is there."""
        return self._schemas[name].fits(value)

    def find(self, name: str) -> Variable | None:
        """Find a variable."""
        return self._by_name.get(name)

    def taken(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give the values with defaults filled in, in the order of the definition.

        Raises `InputRefused` with everything that is wrong, at most `PROBLEMS` of it.
        """
        self._check_steps(values)
        errors: list[FieldError] = []
        taken: dict[str, Any] = {}
        for one in self.variables:
            if one.name in values:
                taken[one.name] = values[one.name]
                found = self._schemas[one.name].errors(values[one.name])
                errors += (FieldError(f"/{one.name}{error.pointer}", error.message) for error in found)
            elif one.required:
                errors.append(FieldError(f"/{one.name}", "it is needed"))
            elif one.has_default:
                taken[one.name] = one.default
        errors += self._unknown(values)
        if errors:
            raise InputRefused(errors[:PROBLEMS])
        return taken

    def _check_steps(self, values: Mapping[str, Any]) -> None:
        """Refuse values that it would take too long to check, all of them together."""
        steps = {name: schema.steps(values[name]) for name, schema in self._schemas.items() if name in values}
        if sum(steps.values()) > STEPS:
            dearest = max(steps, key=steps.__getitem__)
            raise InputRefused([FieldError(f"/{dearest}", too_much(size_of(values[dearest]), sum(steps.values())))])

    def _unknown(self, values: Mapping[str, Any]) -> list[FieldError]:
        unknown = [name for name in values if name not in self._by_name]
        known = ", ".join(self._by_name) or "none"
        return [FieldError(_shown(name), f"there is no such variable; known: {known}") for name in unknown[:PROBLEMS]]


def as_texts(variables: tuple[Variable, ...], values: Mapping[str, Any]) -> dict[str, str]:
    """Give the text of each variable: of a string itself, of anything else its JSON; empty for one without a value."""
    texts = dict.fromkeys((one.name for one in variables), "")
    texts |= {name: value if isinstance(value, str) else jsontext.write(value) for name, value in values.items()}
    return texts


def _shown(name: str) -> str:
    """Give the pointer to a name if it can be shown: it may be a value in the wrong place."""
    return f"/{name}" if NAME.fullmatch(name) and not name.startswith("tb_") else "/*"
