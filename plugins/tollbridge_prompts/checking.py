"""What keeps a definition from being published, and what is doubtful about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tollbridge.services.kinds import Problem
from tollbridge_prompts.bounds import EXAMPLES, PROBLEMS, VARIABLES
from tollbridge_prompts.casecheck import check_tests
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.schemas import Schema, check_schema
from tollbridge_prompts.template import NAME, parse
from tollbridge_prompts.variables import Variable, read_variables

MEDIA_TYPES = ("text/plain", "text/markdown", "text/csv", "text/tab-separated-values", "text/calendar", "text/vtt")
"""What a text may be given as: nothing that a browser runs or shows as a page."""


def check(definition: PromptDefinition) -> list[Problem]:
    """List all problems, at most `PROBLEMS` of each template and schema."""
    variables = read_variables(definition.variables)
    found = [*_model(definition), *_variables(definition), *_templates(definition), *_output(definition)]
    if not any(not one.warning for one in found):  # cases are held against schemas, which must be usable
        found += check_tests(definition.tests, variables)
    return found


def _model(definition: PromptDefinition) -> Iterator[Problem]:
    if not definition.model.strip():
        yield Problem("model", "name a model of the gateway, or a route")
    elif definition.model.startswith("api/"):
        yield Problem("model", "a prompt API cannot ask another: they could ask each other in a circle")


def _variables(definition: PromptDefinition) -> Iterator[Problem]:
    if len(definition.variables) > VARIABLES:
        yield Problem("variables", f"there are {len(definition.variables)} variables; at most {VARIABLES} can be")
        return
    for name, said in definition.variables.items():
        where = f"variables/{name[:100]}"
        if not NAME.fullmatch(name):
            yield Problem(where, "a variable's name has letters, digits and _, at most 64, and begins with no digit")
            continue
        one = read_variables({name: said})[0]
        flaws = check_schema(dict(one.schema))
        yield from (Problem(f"{where}{pointer}", message) for pointer, message in flaws)
        if not flaws:
            yield from _defaults(where, one, said)


def _defaults(where: str, variable: Variable, said: Mapping[str, Any]) -> Iterator[Problem]:
    if variable.has_default and variable.required:
        yield Problem(where, "it has a default, so it is not required; leave one of the two out")
    schema = Schema(dict(variable.schema))
    if variable.has_default:
        yield from (
            Problem(f"{where}/default{one.pointer}", f"the default does not fit: {one.message}")
            for one in schema.errors(variable.default)
        )
    examples = said.get("examples", [])
    for index, value in enumerate(examples if isinstance(examples, list) else []):
        if not schema.fits(value):
            yield Problem(f"{where}/examples/{index}", "the example does not fit its own schema", warning=True)
    if not variable.types and not {"enum", "const", "$ref", "anyOf", "oneOf", "allOf"} & set(variable.schema):
        yield Problem(where, "it says no type, so it takes anything", warning=True)


def _templates(definition: PromptDefinition) -> Iterator[Problem]:
    if not definition.user.strip():
        yield Problem("user", "there is nothing to ask: write the user's message")
    if len(definition.examples) > EXAMPLES:
        yield Problem("examples", f"there are {len(definition.examples)} examples; at most {EXAMPLES} can be")
        return
    used: set[str] = set()
    for where, text in templates_of(definition):
        template = parse(text)
        yield from (Problem(where, f"line {one.line}, column {one.column}: {one.message}") for one in template.flaws)
        unknown = [slot for slot in template.slots if slot.name not in definition.variables]
        for slot in unknown[:PROBLEMS]:
            yield Problem(where, f"line {slot.line}, column {slot.column}: there is no variable {slot.name!r}")
        used.update(slot.name for slot in template.slots)
        if where.startswith("examples/") and not text.strip():
            yield Problem(where, "an example's message is empty")
    for name in definition.variables:
        if name not in used and NAME.fullmatch(name):
            yield Problem(f"variables/{name}", "no template uses it", warning=True)


def templates_of(definition: PromptDefinition) -> Iterator[tuple[str, str]]:
    """Give all templates, with where they stand."""
    yield "system", definition.system
    for index, one in enumerate(definition.examples):
        yield f"examples/{index}/user", one.user
        yield f"examples/{index}/assistant", one.assistant
    yield "user", definition.user


def _output(definition: PromptDefinition) -> Iterator[Problem]:
    output = definition.output
    if output.schema is not None:
        if output.type == "text":
            yield Problem("output/schema", "a schema is for JSON; set the type to json, or leave the schema out")
        yield from (Problem(f"output/schema{where}", message) for where, message in check_schema(output.schema))
    elif output.type == "json":
        yield Problem("output/schema", "without a schema any JSON is taken", warning=True)
    if output.media_type not in MEDIA_TYPES:
        yield Problem("output/media_type", f"a text is given as one of: {', '.join(MEDIA_TYPES)}")
    elif output.type == "json" and output.media_type != "text/plain":
        yield Problem("output/media_type", "it is for texts; JSON is application/json", warning=True)
