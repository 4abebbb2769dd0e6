import http.client
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.corpus import VARIABLE
from tests.support.replay import SPLITS, Recorded, Replay, invented, recorded

EVENTS = (b'data: {"a": 1}\n\n', b"data: [DONE]\n\n")
STREAM = Recorded(200, "text/event-stream", EVENTS, True)


@pytest.fixture(scope="module")
def replay():
    with Replay.in_thread() as replay:
        yield replay


def ask(replay, method="POST", path="/v1/x", **more):
    """Ask once; gives the status, the content type, the pieces as they came, and another header."""
    connection = http.client.HTTPConnection(replay.url.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        pieces = []
        while piece := answer.read1(65_536):
            pieces.append(piece)
        return answer.status, answer.headers["content-type"], b"".join(pieces), answer.headers["retry-after"]
    finally:
        connection.close()


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=9), st.sampled_from(SPLITS))
def test_stream_is_whole_however_it_is_cut(pieces, split):
    stream = Recorded(200, "text/event-stream", tuple(pieces), True)

    cut = stream.cut(split, "name")

    assert b"".join(cut) == b"".join(pieces)
    assert all(cut)
    assert cut == stream.cut(split, "name")
    assert split != "byte" or {len(piece) for piece in cut} == {1}


def test_whole_body_is_never_cut():
    assert invented(200, {"a": 1}).cut("byte") == (b'{"a": 1}',)


@pytest.mark.parametrize("split", SPLITS)
def test_stream_is_replayed(replay, split):
    replay.play(STREAM, split=split)

    assert ask(replay) == (200, "text/event-stream", b"".join(EVENTS), None)


def test_answers_come_in_order_and_the_last_one_stays(replay):
    replay.play(invented(429, {"n": 1}, retry_after="7"), invented(200, {"n": 2}))

    answers = [ask(replay) for _ in range(3)]

    assert [(status, json.loads(body)["n"], after) for status, _, body, after in answers] == [
        (429, 1, "7"),
        (200, 2, None),
        (200, 2, None),
    ]


def test_request_is_kept_as_it_came(replay):
    replay.play(STREAM)

    ask(replay, path="/v1/y?alt=sse", body=b'{"q": 1}', headers={"X-Api-Key": "k"})
    ask(replay, body=iter([b'{"q"', b": 2}"]), encode_chunked=True)

    first, second = replay.asked
    assert (first.method, first.path, first.headers["x-api-key"]) == ("POST", "/v1/y?alt=sse", "k")
    assert (first.json(), second.json()) == ({"q": 1}, {"q": 2})


def test_answer_may_be_made_of_the_request(replay):
    replay.play(lambda asked: invented(201, {"path": asked.path, "said": asked.json()}))

    status, _, body, _ = ask(replay, path="/v1/z", body=b'{"q": 1}')

    assert (status, json.loads(body)) == (201, {"path": "/v1/z", "said": {"q": 1}})


def test_requests_before_a_play_are_forgotten(replay):
    replay.play(STREAM)
    ask(replay)
    replay.play(STREAM)

    assert replay.asked == []


def test_nothing_is_answered_where_nothing_is_named(replay):
    replay.play()

    assert ask(replay)[0] == ask(replay, "GET")[0] == 404


def test_get_is_answered_as_post_is(replay):
    replay.play(invented(200, {"n": 1}))

    assert ask(replay, "GET")[0] == 200
    assert [(asked.method, asked.body) for asked in replay.asked] == [("GET", b"")]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"status": 200, "body": {"a": 1}}, Recorded(200, "application/json", (b'{"a": 1}',))),
        (
            {"status": 429, "body": {}, "headers": {"Content-Type": "application/json; v=1", "Retry-After": "7"}},
            Recorded(429, "application/json; v=1", (b"{}",), False, (("retry-after", "7"),)),
        ),
        (
            {"status": 200, "text": "data: 1\n\ndata: 2\r\n\r\n"},
            Recorded(200, "text/event-stream", (b"data: 1\n\n", b"data: 2\r\n\r\n"), True),
        ),
        (
            {"status": 200, "text": '{"a":1}\n{"b":2}\n'},
            Recorded(200, "application/x-ndjson", (b'{"a":1}\n', b'{"b":2}\n'), True),
        ),
        (
            {"status": 200, "body_base64": "AAAABWEAAAAGYmI="},
            Recorded(200, "application/vnd.amazon.eventstream", (b"\0\0\0\5a", b"\0\0\0\6bb"), True),
        ),
        (
            {"status": 200, "body_base64": "AAAAAGE="},
            Recorded(200, "application/vnd.amazon.eventstream", (b"\0\0\0\0a",), True),
        ),
    ],
)
def test_case_is_read_as_it_was_recorded(tmp_path, monkeypatch, response, expected):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "dev" / "folder").mkdir(parents=True)
    (tmp_path / "dev" / "folder" / "case.json").write_text(json.dumps({"response": response}))

    assert recorded("folder/case") == expected
