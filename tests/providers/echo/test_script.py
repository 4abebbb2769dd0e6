"""The script that says what an echo answers.  Source: invented."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_echo.refusals import Refusal
from tollbridge_echo.script import Call, Script, read_script, split_message


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", Script()),
        ("text=Hello", Script(text="Hello")),
        ("text=", Script(text="")),
        ("text=a%20b%26c=d+e", Script(text="a b&c=d+e")),
        ("tokens=50&latency_ms=200&chunk_ms=20", Script(tokens=50, latency_ms=200, chunk_ms=20)),
        ("status=429&retry_after=3", Script(status=429, retry_after=3)),
        ("truncate_after=3&error_after=0", Script(truncate_after=3, error_after=0)),
        ('tool=get_weather:{"city":"Paris"}', Script(tool=(Call("get_weather", '{"city":"Paris"}'),))),
        ("tool=a&tool=b:{}", Script(tool=(Call("a"), Call("b", "{}")))),
        ("usage=10,5", Script(usage=(10, 5))),
        ("usage=none", Script(usage=())),
        (
            "finish=length&reasoning=hm&refusal=no&json=1",
            Script(finish="length", reasoning="hm", refusal="no", json=True),
        ),
        ("json=0&dimensions=3", Script(dimensions=3)),
    ],
)
def test_script_is_read(text, script):
    assert read_script(text, "model") == script


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nope=1", "'nope'"),
        ("Text=a", "'Text'"),
        ("text", "'text'"),
        ("&", "''"),
        ("text=a&text=b", "'text' twice"),
        ("tokens=many", "'tokens' must be a whole number from 0 to 100000"),
        ("tokens=-1", "'tokens'"),
        ("tokens=\u0663", "'tokens'"),
        ("tokens=100001", "'tokens'"),
        ("tokens=000000000000100001", "'tokens'"),
        ("latency_ms=600001", "'latency_ms'"),
        ("status=200", "'status' must be a whole number from 400 to 599"),
        ("json=yes", "'json' must be 0 or 1"),
        ("finish=bored", "'finish' must be one of stop, length, content_filter, tool_calls"),
        ("usage=5", "'usage' must be two numbers"),
        ("usage=a,b", "'usage'"),
        ("tool=", "'tool' must be the name of a tool"),
        ("tool=f:[1]", "'tool' must have a JSON object"),
        ("tool=f:{", "'tool' must have a JSON object"),
        ("text=%ff", "'text'"),
        ("&".join(["tool=f"] * 33), "more than 32 tools"),
    ],
)
def test_slip_is_refused_by_name(text, named):
    with pytest.raises(Refusal) as refused:
        read_script(text, "model")

    assert named in refused.value.message
    assert (refused.value.status, refused.value.param) == (400, "model")


def test_unknown_key_is_told_with_those_that_are_known():
    with pytest.raises(Refusal, match="known: chunk_ms, dimensions, error_after") as refused:
        read_script("colour=red", "messages")

    assert refused.value.body()["error"] == {
        "message": refused.value.message,
        "type": "invalid_request_error",
        "param": "messages",
        "code": "unknown_script_key",
    }


def test_later_script_goes_before_an_earlier_one():
    assert read_script("text=b", "messages", Script(text="a", tokens=3)) == Script(text="b", tokens=3)


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("hello", (None, "hello")),
        ("!echo status=500", ("status=500", "")),
        ("!echo json=1 \nsay this\nand that", ("json=1", "say this\nand that")),
        (" !echo status=500", (None, " !echo status=500")),
        ("!echoes", (None, "!echoes")),
    ],
)
def test_script_of_a_message_stands_in_its_first_line(text, parted):
    assert split_message(text) == parted


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60))
def test_any_text_is_a_script_or_refused(text):
    with suppress(Refusal):
        assert isinstance(read_script(text, "model"), Script)
