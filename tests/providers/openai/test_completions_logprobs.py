"""How likely tokens were, in the older shape and in ours.  Source: invented."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.openai.completions_support import (
    CODEC,
    DONE,
    answer,
    asked,
    piece,
    read,
    streamed,
    written,
)
from tests.support.shapes import sse_data

from tollbridge.formats import (
    Begin,
    Detail,
    Fields,
    Logprob,
    PartBegin,
    Text,
    decode_json,
    encode_json,
    fold,
)
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import words
from tollbridge_openai.completions_logprobs import read_logprobs

LIKELY: dict[str, Any] = {
    "tokens": ["Once", " upon"],
    "token_logprobs": [None, -0.5],
    "top_logprobs": [None, {" upon": -0.5, " more": -1.25}],
    "text_offset": [0, 4],
}


def test_probabilities_of_another_provider_stand_side_by_side() -> None:
    tokens = (
        Logprob(" up", -1, top=(Logprob(" up", -1), Logprob(" a", -2))),
        Logprob("on", -3, top=(Logprob("!", -4),)),
    )
    told = {
        "tokens": [" up", "on"],
        "token_logprobs": [-1, -3],
        "top_logprobs": [{" up": -1, " a": -2}, {"on": -3, "!": -4}],
        "text_offset": [4, 7],  # behind the four characters of the prompt
    }

    whole = written(answer(Text(text=" upon", logprobs=tokens)))
    pieces = streamed(answer(Text(text=" upon", logprobs=tokens)), asked())

    assert whole["choices"][0]["logprobs"] == told
    assert [piece["choices"][0]["logprobs"] for piece in pieces] == [None, told, None]


def test_offsets_go_on_from_piece_to_piece() -> None:
    writer = CODEC.stream_writer(asked(), notes())
    events = (Begin(origin="stranger"), PartBegin(part=Text(text="a", logprobs=(Logprob("a", 0),)), index=0))
    more = (*events, Detail(index=0, logprobs=(Logprob("bc", 0),)), Detail(index=0, logprobs=(Logprob("d", 0),)))

    pieces = [json.loads(data) for event in more for data in sse_data(writer.write(event))]

    likely = [piece["choices"][0]["logprobs"] for piece in pieces if piece["choices"][0]["logprobs"]]
    assert [told["text_offset"] for told in likely] == [[4], [5], [7]]


@pytest.mark.parametrize(
    "likely",
    [
        LIKELY,
        {**LIKELY, "top_logprobs": None},
        {**LIKELY, "tokens": ["Once"]},
        {**LIKELY, "top_logprobs": [None]},
        {**LIKELY, "top_logprobs": [1, 2]},
        {**LIKELY, "tokens": [1, 2]},
        {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []},
        {"content": []},
    ],
)
def test_probabilities_are_written_as_they_were_read(likely: Any) -> None:
    body = {
        "choices": [{"text": "Once upon", "index": 0, "logprobs": likely, "finish_reason": "stop", "stop_reason": "."}]
    }

    response = CODEC.read_response(json.dumps(body).encode(), notes())

    again = json.loads(CODEC.write_response(response, asked(), notes()))
    assert again["choices"] == body["choices"]


def test_streamed_probabilities_fold_to_the_whole_answers() -> None:
    halves = [{name: values[place : place + 1] for name, values in LIKELY.items()} for place in (0, 1)]
    body = {"text": "Once upon", "index": 0, "logprobs": LIKELY, "finish_reason": "stop"}

    folded = fold(read(piece("Once", logprobs=halves[0]), piece(" upon", "stop", logprobs=halves[1]), DONE))

    assert folded.choices == CODEC.read_response(json.dumps({"choices": [body]}).encode(), notes()).choices


chances = st.none() | st.integers(-9, 0)
likelies = st.lists(
    st.tuples(words, chances, st.none() | st.dictionaries(words, st.integers(-9, 0), max_size=2)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100)
@given(likelies)
def test_any_probabilities_are_tokens_once_they_are_read(told: list[Any]) -> None:
    tokens, chances, likeliest = zip(*told, strict=True)
    lists = {"tokens": list(tokens), "token_logprobs": list(chances), "top_logprobs": list(likeliest)}

    found = read_logprobs(Fields(decode_json(encode_json({"logprobs": lists})), wrong=None))

    assert [(token.token, token.logprob) for token in found] == list(zip(tokens, chances, strict=True))
    assert [{top.token: top.logprob for top in token.top} for token in found] == [top or {} for top in likeliest]
