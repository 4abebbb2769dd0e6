"""What differs between two definitions, and what of it a caller may fail with."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

import msgspec
from msgspec.structs import asdict

from tollbridge.services.kinds import Change
from tollbridge_prompts.bounds import DIFF, DIFF_LINES, WORDS
from tollbridge_prompts.checking import templates_of
from tollbridge_prompts.definition import PromptDefinition, Shape
from tollbridge_prompts.jsontext import write
from tollbridge_prompts.narrowing import ANNOTATIONS, Narrowing, narrowings
from tollbridge_prompts.variables import Variable, lone_of, read_variables


def changes(before: PromptDefinition, after: PromptDefinition) -> list[Change]:
    """List all differences, those of the words first."""
    return [
        *_templates(before, after),
        *_plain("model", before.model, after.model),
        *_members("parameters", before.parameters, after.parameters),
        *_variables(before, after),
        *_output(before, after),
        *_ways(before, after),
        *_plain("timeout_s", before.timeout_s, after.timeout_s),
        *_members("tests", before.tests, after.tests),
    ]


def _templates(before: PromptDefinition, after: PromptDefinition) -> Iterator[Change]:
    had, has = dict(templates_of(before)), dict(templates_of(after))
    for where in {**had, **has}:
        one, other = had.get(where), has.get(where)
        if one == other:
            continue
        what = "it is new" if one is None else "it is gone" if other is None else "other words"
        yield Change(where, what, after=difference(one or "", other or ""))


def difference(before: str, after: str) -> str:
    """Give a unified diff of two texts, line by line, bounded; of long ones how many lines they have."""
    one, other = before.splitlines(), after.splitlines()
    if len(one) + len(other) > DIFF_LINES:
        return f"{len(one)} lines became {len(other)}; too many to compare"
    lines = unified_diff(one, other, "before", "after", lineterm="")
    found = "\n".join(line[:DIFF] for line in lines)
    return found if len(found) <= DIFF else found[:DIFF] + "\n... (there is more)"


def _plain(path: str, before: Any, after: Any, *, breaking: bool = False, what: str = "it changed") -> Iterator[Change]:
    if before != after:
        yield Change(path, what, breaking, _shown(before), _shown(after))


def _members(path: str, before: Shape, after: Shape) -> Iterator[Change]:
    had, has = asdict(before), asdict(after)
    for name in had:
        if had[name] != has[name]:
            yield Change(f"{path}/{name}", "it changed", False, _shown(had[name]), _shown(has[name]))


def _variables(before: PromptDefinition, after: PromptDefinition) -> Iterator[Change]:
    had = {one.name: one for one in read_variables(before.variables)}
    has = {one.name: one for one in read_variables(after.variables)}
    for name in {**had, **has}:
        path = f"variables/{name[:WORDS]}"
        if name not in has:
            yield Change(path, "the variable is gone: calls that send it are refused", True)
        elif name not in had:
            needed = has[name].required
            yield Change(path, f"the variable is new and {'required' if needed else 'may be left out'}", needed)
        else:
            yield from _variable(path, had[name], has[name])
    yield from _lone(lone_of(tuple(had.values())), lone_of(tuple(has.values())))


def _lone(before: str, after: str) -> Iterator[Change]:
    """Compare which variable the words of a message stand for, where it is called as a model."""
    if before != after:
        what = f"are the value of {after!r}" if after else "must be a JSON object of variables"
        yield Change("variables", f"called as a model: the words of the message {what} now", True, before, after)


def _variable(path: str, before: Variable, after: Variable) -> Iterator[Change]:
    if before.required != after.required:
        what = "it is required now" if after.required else "it may be left out now"
        yield Change(f"{path}/required", what, after.required)
    if before.has_default != after.has_default or write_default(before) != write_default(after):
        yield Change(f"{path}/default", "it changed", False, write_default(before), write_default(after))
    one, other = dict(before.schema), dict(after.schema)
    found = narrowings(one, other)
    yield from (_narrower(path, narrowing) for narrowing in found)
    if not found and _binding(one) != _binding(other):
        yield Change(path, "it takes more, or what it took in other words", False, _shown(one), _shown(other))
    elif not found:
        yield from _plain(f"{path}/description", one.get("description"), other.get("description"))


def write_default(variable: Variable) -> str:
    """Write a default, empty for none."""
    return _shown(variable.default) if variable.has_default else ""


def _narrower(path: str, found: Narrowing) -> Change:
    what = f"{found.keyword}: values that fitted may fit no more"
    return Change(f"{path}{found.pointer}", what, True, _shown(found.before), _shown(found.after))


def _output(before: PromptDefinition, after: PromptDefinition) -> Iterator[Change]:
    had, has = before.output, after.output
    yield from _plain("output/type", had.type, has.type, breaking=True, what="the answer is something else")
    if had.type == has.type == "json":
        yield from _output_schema(had.schema or {}, has.schema or {})
    if had.type == has.type == "text":
        path = "output/media_type"
        yield from _plain(path, had.media_type, has.media_type, breaking=True, what="it is of another media type")
    yield from _plain("output/exact", had.exact, has.exact)
    yield from _plain("output/retries", had.retries, has.retries)


def _output_schema(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Callers know the answers that fitted before: one that fits now and did not then may surprise them."""
    found = narrowings(after, before)
    for one in found:
        what = f"{one.keyword}: answers may be such as did not fit before"
        yield Change(f"output/schema{one.pointer}", what, True, _shown(one.after), _shown(one.before))
    gone = [name for name in _named(before) if name not in _named(after)]
    for name in gone:
        yield Change(f"output/schema/properties/{name[:WORDS]}", "the property is gone", True)
    if not found and not gone and _binding(before) != _binding(after):
        yield Change("output/schema", "answers are of fewer kinds", False, _shown(before), _shown(after))


def _named(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _ways(before: PromptDefinition, after: PromptDefinition) -> Iterator[Change]:
    """Compare the ways it can be called."""
    if before.get != after.get:
        gone = after.get is None
        yield Change("get", "it cannot be called by GET any more" if gone else "it changed", gone)
    for name, what in (("stream", "it does not stream any more"), ("chat", "it takes no earlier turns any more")):
        had, has = getattr(before, name), getattr(after, name)
        yield from _plain(name, had, has, breaking=had, what=what if had else "it does now")


def _binding(schema: Mapping[str, Any]) -> str:
    """Write what of a schema says which values fit."""
    return write({word: value for word, value in schema.items() if word not in ANNOTATIONS})


def _shown(value: Any) -> str:
    """Write a value, shortened."""
    if value is None:
        return ""
    said = value if isinstance(value, str) else write(msgspec.to_builtins(value))
    return said if len(said) <= WORDS else said[:WORDS] + "..."
