"""Answers of the Responses API by their ids."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import BadRequest, GatewayError
from tollbridge.formats import Envelope, Given, Turn, Wish
from tollbridge_openai.responses_dialect import ResponsesDialect
from tollbridge_openai.responses_kept import ResponsesKeeping
from tollbridge_openai.responses_named import MOST_ITEMS

KEEPING = ResponsesKeeping()
DIALECT = ResponsesDialect()
ANSWER = {
    "id": "resp_1",
    "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "e"},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"},
    ],
}
KEYS = st.sampled_from(["input", "type", "id", "role", "content", "store", "previous_response_id", "output", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def envelope(body: bytes) -> Envelope:
    return DIALECT.read_envelope(DIALECT.operations[0], "/v1/responses", body)


def turn(*asked: Any, answer: Any = ANSWER) -> Turn:
    return Turn(encoded(list(asked)), encoded(answer))


def recalled(body: Any, thread: tuple[Turn, ...] = (), others: tuple[Turn, ...] = ()) -> Any:
    return json.loads(KEEPING.recalled(encoded(body), thread, others))


def listed(query: bytes, *asked: Any) -> Any:
    return json.loads(KEEPING.shown("items", "resp_1", turn(*asked), query))


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ({}, Wish(keep=True)),
        ({"store": None, "previous_response_id": None}, Wish(keep=True)),
        ({"store": True}, Wish(keep=True)),
        ({"store": False, "previous_response_id": "r"}, Wish(keep=False, before="r")),
        ({"input": 'words of an "id"'}, Wish(keep=True)),
        (
            {
                "input": [
                    {"type": "item_reference", "id": "a"},
                    {"id": "b"},
                    {"type": "message", "id": "c", "role": "user"},
                ]
            },
            Wish(keep=True, items=("a", "b")),
        ),
        ({"input": [{"role": "user", "id": "c"}, {"type": "item_reference"}, 7, ["id"]]}, Wish(keep=True)),
        ({"input": [{"type": "item_reference", "id": "a", "role": 7}]}, Wish(keep=True, items=("a",))),
        ({"input": [{"type": ["x"], "id": "a"}]}, Wish(keep=True, items=("a",))),
        (
            {
                "input": [
                    {"type": "reasoning", "id": "a", "summary": []},
                    {"type": "reasoning", "id": "b", "encrypted_content": ""},
                    {"type": "reasoning", "id": "c", "encrypted_content": "sealed"},
                    {"type": "image_generation_call", "id": "d"},
                    {"type": "function_call", "id": "e", "call_id": "f", "name": "g", "arguments": "{}"},
                    {"type": "reasoning"},
                ]
            },
            Wish(keep=True, echoed=("a", "b", "d")),
        ),
        ({"background": True, "stream": True}, Wish(keep=True, lasts=True)),
    ],
)
def test_request_says_what_it_goes_on_from(body: Any, wish: Wish) -> None:
    assert envelope(encoded({"model": "m", **body})).wish == wish


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model":"m","store":"yes"}', "store"),
        (b'{"model":"m","previous_response_id":7}', "previous_response_id"),
        (b'{"model":"m","input":{"id":1}}', "input"),
        (b'{"model":"m","store":false,"store":true}', "store"),
        (b'{"model":"m","input":[{"id":"a"}],"input":[]}', "input"),
    ],
)
def test_request_that_says_it_wrongly_is_refused_by_name(body: bytes, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        envelope(body)

    assert refused.value.param == param


@pytest.mark.parametrize(
    "body",
    [
        rb'{"model":"m","input":[{"type":"item_reference","\u0069d":"a"}]}',
        rb'{"model":"m","input":[{"typ\u0065":"item_reference","id":"a"}]}',
        rb'{"model":"m","input":[{"type":"item_referenc\u0065","\u0069d":"a"}]}',
    ],
)
def test_reference_that_is_written_with_escapes_is_one_too(body: bytes) -> None:
    assert envelope(body).wish == Wish(keep=True, items=("a",))


@pytest.mark.parametrize(
    "item",
    [
        rb'{"type":"item_reference","id":"a","id":"b"}',
        rb'{"type":"item_reference","id":"a","\u0069d":"b"}',
        rb'{"type":"message","type":"item_reference","id":"a"}',
        rb'{"type":"reasoning","id":"a","id":"b"}',
    ],
)
def test_item_that_points_to_one_of_two_is_refused(item: bytes) -> None:
    with pytest.raises(BadRequest, match="twice") as refused:
        envelope(b'{"model":"m","input":[%b]}' % item)

    assert refused.value.param == "input"


def test_only_so_many_items_may_be_pointed_to() -> None:
    def pointing(many: int) -> bytes:
        return encoded({"model": "m", "input": [{"type": "item_reference", "id": "a"}] * many})

    wish = envelope(pointing(MOST_ITEMS)).wish
    assert wish is not None
    assert len(wish.items) == MOST_ITEMS
    with pytest.raises(BadRequest, match="more than 4096 items"):
        envelope(pointing(MOST_ITEMS + 1))


def test_request_of_more_items_than_are_named_is_not_kept() -> None:
    def asking(many: int) -> bytes | None:
        return KEEPING.asked(encoded({"input": [{"role": "user"}] * many}), "req_1")

    assert asking(MOST_ITEMS) is not None
    assert asking(MOST_ITEMS + 1) is None


def test_request_whose_input_is_none_is_not_gone_on_from() -> None:
    assert KEEPING.asked(b'{"input":{}}', "r") == b"[]"
    with pytest.raises(BadRequest):
        KEEPING.recalled(b'{"input":{}}', (turn(),), ())


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (ANSWER, Given("resp_1", whole=True)),
        ({"id": "r", "status": "incomplete"}, Given("r", whole=True)),
        ({"id": "r", "status": "in_progress"}, Given("r", whole=False)),
        ({"id": "r"}, Given("r", whole=False)),
        ({"id": None}, Given("", whole=False)),
        ([], Given("", whole=False)),
    ],
)
def test_answer_says_its_id_and_whether_more_comes(answer: Any, found: Given) -> None:
    assert KEEPING.given(encoded(answer)) == found


def test_words_that_were_asked_are_a_message_with_an_id() -> None:
    content = [{"type": "input_text", "text": "Hi"}]
    assert json.loads(KEEPING.asked(b'{"input":"Hi"}', "req_1") or b"") == [
        {"id": "msg_req_1_0", "type": "message", "role": "user", "status": "completed", "content": content}
    ]


def test_items_that_were_asked_get_ids_by_their_kind_and_references_are_left_out() -> None:
    items = [
        {"role": "user", "content": "a"},
        {"type": "message", "id": "own", "role": "user", "content": "b"},
        {"id": "msg_9"},
        {"type": "function_call_output", "call_id": "c", "output": "d"},
        {"type": "computer_call_output", "call_id": "c"},
    ]

    asked = json.loads(KEEPING.asked(encoded({"input": items}), "req_1") or b"")

    assert [(item["type"], item["id"]) for item in asked] == [
        ("message", "msg_req_1_0"),
        ("message", "own"),
        ("function_call_output", "fco_req_1_3"),
        ("computer_call_output", "item_req_1_4"),
    ]
    assert KEEPING.asked(b'{"input":[{"role":"user","role":"user"}, 7]}', "r") == b'[{"role":"user","role":"user"},7]'
    assert KEEPING.asked(b"{}", "r") == b"[]"


def test_ids_of_a_turn_are_those_that_its_items_were_given_here_and_in_the_answer() -> None:
    asked = KEEPING.asked(b'{"input":[{"role":"user","id":"msg_anothers"},{"role":"user"}]}', "req_1")
    assert asked is not None

    ids = KEEPING.ids(Turn(asked, encoded(ANSWER)), "req_1")

    assert ids == ("msg_req_1_1", "rs_1", "rs_2", "msg_1", "fc_1")


def test_what_was_said_before_comes_first_but_reasoning_nobody_can_read() -> None:
    body = {"model": "m", "previous_response_id": "resp_1", "input": "and?", "temperature": 1}

    written = recalled(body, (turn({"id": "a", "role": "user", "content": "Hi?"}),))

    assert [item.get("id") for item in written["input"]] == ["a", "rs_2", "msg_1", "fc_1", None]
    assert written["input"][-1] == {"role": "user", "content": "and?"}
    assert {key: value for key, value in written.items() if key != "input"} == {"model": "m", "temperature": 1}


def test_references_become_what_they_stand_for() -> None:
    body = {
        "input": [
            {"type": "item_reference", "id": "fc_1"},
            {"id": "a"},
            {"id": "rs_1"},
            {"role": "user", "content": "x"},
        ]
    }

    earlier = turn({"id": "a", "role": "user", "content": "Hi?"}, {"id": "fc_1"}, answer={"id": "r"})

    written = recalled(body, (), (earlier, turn()))

    assert [item.get("id") for item in written["input"]] == ["fc_1", "a", None]
    assert written["input"][0]["type"] == "function_call"  # the newest of that name


def test_reference_to_nothing_is_refused() -> None:
    with pytest.raises(BadRequest, match="'msg_9' not found") as refused:
        recalled({"input": [{"type": "item_reference", "id": "msg_9"}]}, (), (turn(),))

    assert refused.value.param == "input"


def test_request_that_asks_nothing_more_goes_on_with_what_was_said() -> None:
    assert [item["id"] for item in recalled({"previous_response_id": "r"}, (turn(),))["input"]] == [
        "rs_2",
        "msg_1",
        "fc_1",
    ]


ASKED = tuple({"id": f"i{number}", "role": "user"} for number in range(30))


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        (b"", [f"i{number}" for number in range(29, 9, -1)], True),
        (b"order=asc&limit=2", ["i0", "i1"], True),
        (b"order=asc&limit=2&after=i27", ["i28", "i29"], False),
        (b"after=i0", [], False),
        (b"limit=100", [f"i{number}" for number in range(29, -1, -1)], False),
    ],
)
def test_items_are_listed_page_by_page(query: bytes, ids: list[str], more: bool) -> None:
    page = listed(query, *ASKED)

    assert [item["id"] for item in page["data"]] == ids
    assert (page["object"], page["has_more"]) == ("list", more)
    assert (page["first_id"], page["last_id"]) == (ids[0] if ids else "", ids[-1] if ids else "")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        (b"limit=0", "limit"),
        (b"limit=101", "limit"),
        (b"limit=x", "limit"),
        (b"order=up", "order"),
        (b"after=x", "after"),
    ],
)
def test_page_that_cannot_be_is_refused_by_name(query: bytes, param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        listed(query, *ASKED)

    assert refused.value.param == param


@given(JSON, JSON, JSON)
def test_nothing_but_a_refusal_comes_of_any_body_and_answer(body: Any, asked: Any, answer: Any) -> None:
    text = encoded(body)
    KEEPING.given(text)
    with suppress(GatewayError):
        envelope(text)
    kept = Turn(KEEPING.asked(text, "r") or b"[]", encoded(ANSWER))
    KEEPING.ids(kept, "r")
    try:
        KEEPING.recalled(text, (kept,), ())
    except GatewayError:
        return
