"""The codecs over recorded traffic of Anthropic."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.corpus import VARIABLE, Case, corpus, is_answer, is_stream, read_cases

from tollbridge import UpstreamError
from tollbridge.formats import (
    AnyEvent,
    Codec,
    Envelope,
    KeyedSeal,
    Notes,
    Request,
    Response,
    fold,
    unfold,
)
from tollbridge_anthropic.codec import CountCodec, MessagesCodec

MESSAGES, COUNT = MessagesCodec(), CountCodec()
ASKED = Request(origin="anthropic-messages", model="m", messages=())
WRITTEN = "cache_creation_input_tokens"
COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def notes(*, strict: bool = True) -> Notes:
    return Notes(KeyedSeal(b"k" * 32), strict=strict, call_id="req_1")


def codec_of(case: Case) -> Codec[Request, Any]:
    return COUNT if case.path.endswith("/count_tokens") else MESSAGES


def is_message(case: Case) -> bool:
    return is_answer(case) and case.body.get("type") == "message"


def is_no_message(case: Case) -> bool:
    return is_answer(case) and case.body.get("type") != "message" and "input_tokens" not in case.body


@corpus("dev/anthropic_messages", "dev/anthropic_count_tokens")
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    body = json.dumps(case.request).encode()

    request = codec_of(case).read_request(body, Envelope("m"), notes())
    written = codec_of(case).write_request(request, notes())

    assert json.loads(written) == case.request


@corpus("dev/anthropic_messages", "edge_cases/anthropic", only=is_message)
def test_recorded_answer_is_written_as_it_was_read_and_counted_to_the_last_token(case: Case) -> None:
    response = MESSAGES.read_response(json.dumps(case.body).encode(), notes())

    assert json.loads(MESSAGES.write_response(response, ASKED, notes())) == case.body
    assert response.usage is not None
    assert response.usage.total == sum(case.body["usage"].get(name) or 0 for name in COUNTS)


@corpus("dev/anthropic_messages", "edge_cases/anthropic", only=is_message)
def test_recorded_answer_streamed_is_the_same_answer(case: Case) -> None:
    response = MESSAGES.read_response(json.dumps(case.body).encode(), notes())

    assert read_stream([rewritten(unfold(response))]) == response


@corpus("edge_cases/anthropic", only=is_no_message)
def test_recorded_body_that_is_no_message_is_no_answer(case: Case) -> None:
    with pytest.raises(UpstreamError):
        MESSAGES.read_response(json.dumps(case.body).encode(), notes())


@corpus("dev/anthropic_count_tokens", only=is_answer)
def test_recorded_count_is_written_as_it_was_read(case: Case) -> None:
    response = COUNT.read_response(json.dumps(case.body).encode(), notes())

    assert response.tokens == case.body["input_tokens"]
    assert json.loads(COUNT.write_response(response, ASKED, notes())) == case.body


def read_events(chunks: list[bytes]) -> list[AnyEvent]:
    reader = MESSAGES.stream_reader(notes())
    return [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]


def read_stream(chunks: list[bytes]) -> Response:
    return fold(read_events(chunks))


def rewritten(events: Iterator[AnyEvent] | list[AnyEvent]) -> bytes:
    writer = MESSAGES.stream_writer(ASKED, notes())
    return b"".join(writer.write(event) for event in events)


def assembled(events: list[Any]) -> Any:
    """Put a stream together as Anthropic's SDK does, by hand: an independent reading of the same bytes."""
    message: Any = None
    texts: dict[int, str] = {}
    for event in events:
        kind = event["type"]
        if kind == "message_start" and message is None:
            message = event["message"]
        elif kind == "content_block_start":
            message["content"].append(event["content_block"])
        elif kind == "content_block_delta":
            block, delta = message["content"][event["index"]], event["delta"]
            if delta["type"] == "input_json_delta":
                texts[event["index"]] = texts.get(event["index"], "") + delta["partial_json"]
            elif delta["type"] == "citations_delta":
                block["citations"] = [*(block.get("citations") or []), delta["citation"]]
            elif delta["type"] == "signature_delta":
                block["signature"] = delta["signature"]
            elif delta["type"] == "compaction_delta":
                block["content"] = (block.get("content") or "") + delta["content"]
            else:
                name = delta["type"].removesuffix("_delta")
                block[name] += delta[name]
        elif kind == "content_block_stop" and texts.get(event["index"]):
            message["content"][event["index"]]["input"] = json.loads(texts[event["index"]])
        elif kind == "message_delta":
            message.update(event["delta"])
            if event["usage"].get(WRITTEN, message["usage"].get(WRITTEN)) != message["usage"].get(WRITTEN):
                message["usage"].pop("cache_creation", None)  # the parts of another sum
            message["usage"].update({name: value for name, value in event["usage"].items() if value is not None})
            message.update({name: event[name] for name in event if name not in ("type", "delta", "usage")})
        elif kind == "message_stop":  # some recordings hold the next answer behind it
            break
    return message


def data_of(stream: str) -> list[Any]:
    return [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]


@corpus("dev/anthropic_messages", only=is_stream)
def test_recorded_stream_folds_to_the_whole_answer_at_any_cut(case: Case) -> None:
    assert case.text is not None
    whole = MESSAGES.read_response(json.dumps(assembled(data_of(case.text))).encode(), notes())

    folded = [read_stream(chunks) for chunks in (*case.cuts(3, 50, 1000), single_bytes(case.text))]

    assert all(one == folded[0] for one in folded)
    assert alike(folded[0]) == alike(whole)


@corpus("dev/anthropic_messages", only=is_stream)
def test_recorded_stream_is_written_to_the_same_answer(case: Case) -> None:
    assert case.text is not None
    events = read_events([case.text.encode()])

    again = rewritten(events).decode()

    assert alike(read_stream([again.encode()])) == alike(fold(events))
    assert MESSAGES.read_response(json.dumps(assembled(data_of(again))).encode(), notes()).usage == fold(events).usage


def single_bytes(text: str) -> list[bytes]:
    return [bytes([byte]) for byte in text.encode()]


def alike(response: Response) -> Any:
    """Give an answer as values: spaces in the arguments of tools do not count, nor an empty list of citations."""
    written = json.loads(MESSAGES.write_response(response, ASKED, notes()))
    for block in written["content"]:
        if block.get("citations") == []:
            del block["citations"]
    return written


def edge_streams() -> list[tuple[str, list[Any]]]:
    root = os.environ.get(VARIABLE, "")
    folder = Path(root, "edge_cases/anthropic")
    found = [(file.stem, json.loads(file.read_text("utf-8"))["response"]) for file in sorted(folder.glob("*.json"))]
    return [(name, response["events"]) for name, response in found if root and "events" in response]


@pytest.mark.parametrize(("name", "events"), edge_streams() or [("none", [])])
def test_stream_of_an_edge_case_folds_to_the_whole_answer(name: str, events: list[Any]) -> None:
    if not events:
        pytest.skip(f"recorded traffic is not here; name its folder in {VARIABLE}")
    stream = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)

    response = read_stream([stream.encode()])

    assert response == read_stream(single_bytes(stream))
    if "spliced" not in name:
        assert alike(response) == alike(MESSAGES.read_response(json.dumps(assembled(events)).encode(), notes()))
        assert alike(read_stream([rewritten(read_events([stream.encode()]))])) == alike(response)


def test_recorded_errors_keep_their_class() -> None:
    root = os.environ.get(VARIABLE, "")
    cases = read_cases(Path(root, "dev/anthropic_messages")) if root else []

    for case in cases:
        if case.status >= 400:
            error = MESSAGES.read_error(case.status, json.dumps(case.body).encode())
            assert error.status == (502 if case.status == 401 else case.status)
            assert case.status == 401 or error.message == case.body["error"]["message"]
