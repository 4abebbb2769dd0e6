from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.prompts.speaking import JSON_OUT, defined, words
from tests.support.growth import assert_linear

from tollbridge.formats import Choice, Reasoning, Refusal, Response, Role, Stop, Text
from tollbridge_prompts.bounds import ANSWER, REPAIR
from tollbridge_prompts.definition import Output
from tollbridge_prompts.outputs import Outputs, stop_of, text_of
from tollbridge_prompts.prompt import Prompt


def outputs(**said: Any) -> Outputs:
    return Outputs(msgspec.convert(said, Output))


@pytest.mark.parametrize(("text", "value"), [(" a b\n", "a b"), ("a", "a"), ("{{x}}", "{{x}}")])
def test_text_is_trimmed(text: str, value: str) -> None:
    assert outputs().read(text).value == value


def test_exact_text_is_given_as_it_was_said() -> None:
    assert outputs(exact=True).read(" a\n").value == " a\n"


@pytest.mark.parametrize("text", ["", " \n"])
def test_empty_text_is_no_answer(text: str) -> None:
    assert outputs().read(text).wrong == ("it is empty",)


@pytest.mark.parametrize(
    "text",
    [
        '{"label":"good"}',
        ' {"label": "good"}\n',
        '```json\n{"label": "good"}\n```',
        '```\n{"label": "good"}```',
        'Here you are:\n```JSON  \r\n{"label": "good"}\r\n```\nDone.',
    ],
)
def test_json_is_found_bare_or_in_a_fence(text: str) -> None:
    assert outputs(**JSON_OUT).read(text).value == {"label": "good"}


def test_fence_within_a_text_of_the_json_is_no_end() -> None:
    schema = {"properties": {"code": {"type": "string"}}}

    read = outputs(type="json", schema=schema).read('```json\n{"code": "```js\\nx\\n```"}\n```')

    assert read.value == {"code": "```js\nx\n```"}


def test_json_that_begins_itself_is_not_looked_into() -> None:
    assert outputs(type="json").read('["```json\\n1\\n```"]').value == ["```json\n1\n```"]
    assert outputs(type="json").read('"```json\\n1\\n```"').value == "```json\n1\n```"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("good", "it is no JSON in UTF-8"),
        ("```python\n1\n```", "it is no JSON in UTF-8"),
        ("``````", "it is no JSON in UTF-8"),
        ("```json {} ```", "it is no JSON in UTF-8"),
        ('{"label": "good", "label": "bad"}', "a name is there twice in one object"),
        ("{}", "the property 'label' is missing"),
        ('{"label": "s3cret"}', '/label: it must be one of: "good", "bad"'),
        ('{"label": "good", "s3cret": 1}', "it has properties that are not known"),
        ("[]", "it must be an object"),
    ],
)
def test_what_is_wrong_is_said_without_what_was_said(text: str, wrong: str) -> None:
    assert outputs(**JSON_OUT).read(text).wrong == (wrong,)


def test_answer_that_was_cut_off_is_called_so() -> None:
    assert outputs(**JSON_OUT).read('{"label": "go', Stop.LENGTH).wrong == ("the answer was cut off before its end",)
    assert outputs(**JSON_OUT).read('{"label": "good"}', Stop.LENGTH).wrong == ()


def test_numbers_are_kept_as_they_were_written() -> None:
    assert outputs(type="json").read("1.10").value == Decimal("1.10")


def test_answer_that_is_too_long_is_none() -> None:
    assert outputs().read("a" * ANSWER).wrong == ()
    assert "more than" in outputs().read("a" * (ANSWER + 1)).wrong[0]


def test_repair_shows_the_answer_and_what_is_wrong_with_it() -> None:
    request = Prompt(defined(system="S")).conversation.request({"text": "x"})

    again = outputs(**JSON_OUT).repair(request, "{}", ("first", "/b: second"))

    assert words(again)[:2] == words(request)
    assert words(again)[2] == (Role.ASSISTANT, "{}")
    role, told = words(again)[3]
    assert role is Role.USER
    assert "- first\n- /b: second\n" in told
    assert "the JSON alone" in told
    assert told.endswith(f"It must fit this JSON Schema:\n{msgspec.json.encode(JSON_OUT['schema']).decode()}")
    assert (again.model, again.format) == (request.model, request.format)


def test_repair_without_a_schema_speaks_of_none() -> None:
    request = Prompt(defined()).conversation.request({"text": "x"})

    assert "Schema" not in words(outputs(type="json").repair(request, "{", ("it is no JSON",)))[-1][1]


def test_answer_that_would_take_too_long_to_check_is_none() -> None:
    reader = outputs(type="json", schema={"items": {"anyOf": [{"const": number} for number in range(600)]}})

    ((wrong),) = reader.read(f"[{','.join(['599'] * 9_999)}]").wrong

    assert wrong.startswith("it holds 10000 values")


def test_repair_of_a_text_asks_for_no_json_and_shows_no_empty_answer() -> None:
    request = Prompt(defined()).conversation.request({"text": "x"})

    again = outputs().repair(request, "  ", ("it is empty",))

    assert [role for role, _ in words(again)] == [Role.USER, Role.USER]
    assert "JSON" not in words(again)[-1][1]


def test_long_answer_is_shown_again_in_part() -> None:
    request = Prompt(defined()).conversation.request({"text": "x"})

    assert len(words(outputs().repair(request, "a" * 2 * REPAIR, ("w",)))[1][1]) == REPAIR


def test_words_are_those_of_the_first_answer_without_what_was_thought() -> None:
    parts = (Reasoning(text="hm"), Text(text="a"), Text(text="b"))
    response = Response(origin="t", choices=(Choice(parts=parts, stop=Stop.END), Choice(parts=(Text(text="c"),))))

    assert text_of(response) == "ab"
    assert stop_of(response) is Stop.END
    assert text_of(Response(origin="t")) == ""
    assert stop_of(Response(origin="t")) is None


def test_words_of_refusal_are_a_refusal_however_it_ended() -> None:
    refusal = Response(origin="t", choices=(Choice(parts=(Refusal(text="no"),), stop=Stop.END),))

    assert stop_of(refusal) is Stop.REFUSAL
    assert text_of(refusal) == ""


@pytest.mark.parametrize("text", ["```", "```json\n", "[", '{"a":', "\\", " ", "`` `"])
def test_hostile_answer_takes_linear_time(text: str) -> None:
    reader = outputs(**JSON_OUT)

    assert_linear(lambda size: partial(reader.read, (text * size)[:size]), 100_000)


@given(st.text(alphabet='`{}[]",:1 \n\\ajson', max_size=40))
def test_any_answer_is_read_or_wrong(text: str) -> None:
    read = outputs(**JSON_OUT).read(text)

    assert bool(read.wrong) != (read.value == {"label": "good"} or read.value == {"label": "bad"})
