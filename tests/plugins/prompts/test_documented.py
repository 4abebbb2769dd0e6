"""What the page about prompt APIs says is so."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.middleware.cli.conftest import Ran, config, tollbridge
from tests.plugins.prompts.speaking import Caller, Says, words

from tollbridge import GatewayError, Unavailable
from tollbridge.formats import Role
from tollbridge.services.model import Design, read_design, write_design
from tollbridge.yamltext import read_yaml
from tollbridge_prompts import STARTERS, bounds, refusals
from tollbridge_prompts.casecheck import KINDS
from tollbridge_prompts.checkcost import DEAREST, STEPS
from tollbridge_prompts.checking import MEDIA_TYPES, check
from tollbridge_prompts.conversation import Conversation
from tollbridge_prompts.definition import Judge, Output, Parameters, PromptDefinition, Tests
from tollbridge_prompts.incoming import PATIENCE_S
from tollbridge_prompts.proving import AT_ONCE
from tollbridge_prompts.template import parse
from tollbridge_prompts.variables import read_variables

__all__ = ["config", "tollbridge"]

PAGE = (Path(__file__).parents[3] / "docs" / "prompt-apis.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
DESIGNS = [block for language, block in BLOCKS if language == "yaml"]
BOUNDS = {
    "characters of a template": bounds.TEMPLATE,
    "places for values in a template": bounds.SLOTS,
    "variables": bounds.VARIABLES,
    "examples": bounds.EXAMPLES,
    "test cases": bounds.CASES,
    "expectations of a case": bounds.EXPECTATIONS,
    "bytes of a schema": bounds.SCHEMA_BYTES,
    "levels of schemas in a schema": bounds.SCHEMA_DEPTH,
    "schemas that a schema leads to": bounds.SCHEMA_WEIGHT,
    "patterns in a schema": bounds.PATTERNS,
    "steps of a schema for one value or character": DEAREST,
    "steps of the check of a call's values, or of an answer": STEPS,
    "bytes of a body": bounds.BODY,
    "bytes of a query": bounds.QUERY,
    "levels of a value": bounds.DEPTH,
    "values in the input, or in an answer that is JSON": bounds.ITEMS,
    "characters of all messages, with the values and earlier turns in them": bounds.RENDERED,
    "characters of an answer": bounds.ANSWER,
    "characters of a wrong answer that the model is shown again": bounds.REPAIR,
    "characters of an answer that a judge is asked about": bounds.JUDGED,
    "answers that a worker keeps of a release": bounds.KEPT_ANSWERS,
    "characters of all that it keeps": bounds.KEPT_CHARACTERS,
}


def rows(heading: str, first: str) -> list[list[str]]:
    """Give the cells of the table whose first column is called so, below a heading."""
    below = re.split(r"^#{2,3} ", PAGE.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    table = re.search(rf"^\| {re.escape(first)} \|.*\n\| --- .*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in table[1].splitlines()]


def bare(cell: str) -> str:
    return cell.strip("`")


def definition(text: str) -> PromptDefinition:
    stored = read_design(write_design(msgspec.convert(read_yaml(text), Design)))
    return msgspec.convert(stored.definition, PromptDefinition)


def size(number: int) -> str:
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if number % unit == 0:
            return f"{number // unit} {name}"
    return f"{number:,}"


@pytest.mark.parametrize("text", DESIGNS, ids=lambda text: text.partition("\n")[0])
def test_design_is_taken_and_nothing_is_wrong_or_doubtful(text: str) -> None:
    assert check(definition(text)) == []


def test_design_of_the_walk_shows_each_expectation_but_one() -> None:
    shown = {kind for kind in KINDS if re.search(rf"\b{kind}: ", DESIGNS[0].split("tests:")[1])}

    assert shown == set(KINDS) - {"contains"}


def test_starter_is_written_as_the_walk_says(tollbridge: Callable[..., Ran]) -> None:
    found = re.search(r"^tollbridge (prompt-starter .*) > sentiment\.json$", PAGE, re.MULTILINE)
    assert found is not None

    written = tollbridge(*found[1].split())

    design = msgspec.convert(json.loads(written.out), Design)
    assert check(msgspec.convert(design.definition, PromptDefinition)) == []


def test_all_starters_are_listed() -> None:
    assert [bare(row[0]) for row in rows("Starters", "starter")] == list(STARTERS)


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("What a definition is made of", PromptDefinition), ("Output", Output), ("Tests", Tests)],
)
def test_table_has_every_member_with_its_default(heading: str, kind: type[msgspec.Struct]) -> None:
    usual = {name: getattr(kind(), name) for name in kind.__struct_fields__}

    told = {bare(row[0]): row[1] for row in rows(heading, "member")}

    assert told == {name: shown(value) for name, value in usual.items()}


def shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, msgspec.Struct) and value == type(value)():
        return "`{}`"
    return f"`{int(value)}`" if isinstance(value, float) else f"`{msgspec.json.encode(value).decode()}`"


def test_table_has_every_parameter_with_its_range() -> None:
    named = msgspec.json.schema(Parameters)["$defs"]["Parameters"]["properties"]
    ranges = {}
    for name, schema in named.items():
        ends = [one for one in schema.get("anyOf", ()) if "minimum" in one]
        least, most = (ends[0]["minimum"], ends[0].get("maximum", 0)) if ends else ("", 0)
        ranges[name] = "" if not ends else f"from {least}" if most > 10**9 else f"{least:g} to {most:,}"

    assert {bare(row[0]): row[1] for row in rows("Parameters", "member")} == ranges


def test_words_for_efforts_are_those_of_the_definition() -> None:
    (row,) = [row for row in rows("Parameters", "member") if row[0] == "`thinking`"]
    said = msgspec.json.schema(Parameters)["$defs"]["ThinkingWish"]["properties"]["effort"]["anyOf"]

    assert set(re.findall(r"`(\w+)`", row[2].split("`effort`:")[1])) == set(said[0]["enum"])


def test_table_of_expectations_names_exactly_those_there_are() -> None:
    assert [bare(row[0]) for row in rows("Tests", "expectation")] == list(KINDS)


@pytest.mark.parametrize("row", rows("Tests", "expectation"), ids=lambda row: bare(row[0]))
def test_table_of_expectations_says_which_look_at_a_part(row: list[str]) -> None:
    usual: dict[str, Any] = {"schema": {}, "max_latency_s": 1, "max_cost_usd": "1"}
    kind = bare(row[0])
    said = {"model": "m", "rubric": "r"} if kind == "judge" else usual.get(kind, "x")
    case = {"name": "a", "expect": [{"at": "/a", kind: said}]}

    found = check(msgspec.convert({"model": "m", "user": "u", "tests": {"cases": [case]}}, PromptDefinition))

    assert ([one.field for one in found] == []) == (row[1] == "yes")


@pytest.mark.parametrize("row", rows("Templates", "written"), ids=lambda row: row[0])
def test_template_gives_what_the_table_says(row: list[str]) -> None:
    template = parse(bare(row[0]))

    assert (template.flaws, template.render({"x": "V"})) == ((), bare(row[1]))


def test_bounds_are_those_of_the_code() -> None:
    assert dict(rows("Bounds", "of what")) == {what: size(most) for what, most in BOUNDS.items()}


@pytest.mark.parametrize(
    "sentence",
    [
        f"answers of more than {bounds.KEPT_ANSWER:,} characters",
        f"at most {bounds.PROBLEMS} sentences",
        f"one entry for each, at most {bounds.PROBLEMS}:",
        f"Values that may take over {STEPS:,} steps together are refused",
        f"One that may take over {DEAREST:,} steps for a single value or character cannot be published",
        f"not sent within {PATIENCE_S:g} seconds",
        f"below `least` ({Judge(model='m', rubric='r').least} by default)",
    ],
)
def test_numbers_in_sentences_are_those_of_the_code(sentence: str) -> None:
    assert sentence in " ".join(PAGE.split())


def test_cases_that_run_at_a_time_are_four() -> None:
    assert ("Four cases run at a time." in PAGE, AT_ONCE) == (True, 4)


def test_definition_keeps_its_members_in_the_order_they_are_written_in() -> None:
    schema = definition(DESIGNS[0]).output.schema
    assert schema is not None

    assert list(schema["properties"]) == ["queue", "urgent", "summary"]
    assert "A definition keeps its members in the order they are written in" in PAGE


def test_media_types_are_listed() -> None:
    sentence = re.search(r"A text is given as (.*?), and as\b", " ".join(PAGE.split()))
    assert sentence is not None

    assert re.findall(r"`([^`]+)`", sentence[1]) == list(MEDIA_TYPES)


async def test_problem_is_the_one_that_is_answered() -> None:
    (written,) = [block for language, block in BLOCKS if language == "json"]

    reply = await Caller(definition(DESIGNS[0])).post({"language": 1, "mood": "x"})

    assert reply.json() == json.loads(written)


def test_codes_of_our_own_are_in_the_table() -> None:
    told = {(row[0], code) for row in rows("Errors", "status") for code in re.findall(r"`(\w+)`", row[1])}
    own = [one for one in vars(refusals).values() if isinstance(one, type) and issubclass(one, GatewayError)]

    ours = {(str(one.status), one.code) for one in own if one.__module__ == refusals.__name__}

    assert ours <= told


async def test_events_are_those_of_the_table() -> None:
    answer = '{"queue": "other", "urgent": false, "summary": "A question."}'
    accept = {"accept": "text/event-stream"}
    whole = definition(DESIGNS[0])

    good = await Caller(whole, "{}", Says(answer, dropped=("seed",))).post({"letter": "x"}, headers=accept)
    bad = await Caller(whole, Says("a", breaks=Unavailable("broke off"))).post({"letter": "x"}, headers=accept)

    names = dict.fromkeys(name for name, _ in (*good.events(), *bad.events()))
    assert list(names) == [bare(row[0]) for row in rows("What is answered as what", "event")]
    (row,) = [row for row in rows("What is answered as what", "event") if row[0] == "`result`"]
    assert set(re.findall(r"`(\w+)`", row[1])) == set(good.events()[-1][1])


def test_values_stand_in_the_prompt_as_they_are() -> None:
    whole = definition(DESIGNS[0])
    value = "{{language}} {{7*7}} {% include %} ${x}"
    said = {"letter": value, "queues": [], "language": ""}

    asked = Conversation(whole, read_variables(whole.variables)).request(said)

    assert words(asked)[-1] == (Role.USER, value)
