"""Discriminators in the keywords of JSON Schema: the property says which schema counts, and the others are not tried.

Without this a mistake in one field is told as "fits none of them", and a value that fits two of `oneOf` is refused.
"""

from collections.abc import Mapping
from typing import Any

from tollbridge_rest.documents.pointers import parts_of, schema_ref


def discriminated(schema: Mapping[str, Any], turned: dict[str, Any], old: bool) -> dict[str, Any]:
    """Put the choice by a property in place of `oneOf` or `anyOf`, where each of these is a reference alone.

    `schema` is what `turned` was made of. Without such a list a discriminator only describes, and nothing changes.
    """
    discriminator = schema["discriminator"]
    name = discriminator.get("propertyName")
    word = next((each for each in ("oneOf", "anyOf") if isinstance(schema.get(each), list)), None)
    if word is None or not isinstance(name, str):
        return turned
    choices: dict[str, Any] = {}
    for before, after in zip(schema[word], turned[word], strict=True):
        ref = before.get("$ref") if isinstance(before, Mapping) and (old or len(before) == 1) else None
        if not isinstance(ref, str):
            return turned
        choices[ref] = after
    if not choices:
        return turned
    values = _values(discriminator, choices)
    rest = {key: value for key, value in turned.items() if key != word}
    fallback = discriminator.get("defaultMapping")
    other = choices.get(schema_ref(fallback), False) if isinstance(fallback, str) else False
    chosen = [_choice(name, value, choices[ref]) for value, ref in sorted(values.items())]
    if other is False:
        chosen.append({"required": [name], "properties": {name: {"enum": sorted(values)}}})
    else:
        known = {"required": [name], "properties": {name: {"enum": sorted(values)}}}
        chosen.append({"if": known, "else": other})
    return {**rest, "allOf": [*rest.get("allOf", []), *chosen]}


def _choice(name: str, value: str, schema: Any) -> dict[str, Any]:
    return {"if": {"required": [name], "properties": {name: {"const": value}}}, "then": schema}


def _values(discriminator: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, str]:
    """Map the values of the property to references: the last part of each, and what the mapping says."""
    values = {parts_of(ref)[-1]: ref for ref in choices}
    mapping = discriminator.get("mapping")
    for value, target in mapping.items() if isinstance(mapping, Mapping) else ():
        if isinstance(target, str) and schema_ref(target) in choices:
            values[value] = schema_ref(target)
    return values
