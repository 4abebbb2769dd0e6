"""Recorded traffic of Ollama keeps the laws."""

import json

from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import Envelope, Request, Response, Text, fold, unfold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import events_of, said
from tollbridge_ollama.codecs import CHAT_CODEC
from tollbridge_ollama.dialects import ChatDialect

FOLDER = "dev/ollama_chat"
CODEC = CHAT_CODEC
DIALECT = ChatDialect()
CHAT = DIALECT.operations[0]
ASKED = Request(origin="ollama-chat", model="m", messages=())


def body_of(case: Case) -> bytes:
    return json.dumps(case.request).encode()


def read(case: Case) -> Response:
    return CODEC.read_response(json.dumps(case.body).encode(), notes())


@corpus(FOLDER)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    left = notes(strict=True)

    written = CODEC.write_request(CODEC.read_request(body_of(case), Envelope("m"), left), left)

    assert json.loads(written) == case.request


@corpus(FOLDER)
def test_recorded_request_is_known_and_passes_untouched(case: Case) -> None:
    envelope = DIALECT.read_envelope(CHAT, "/api/chat", body_of(case))

    assert envelope.model == case.request["model"]
    assert envelope.stream == case.request.get("stream", True)
    passed = DIALECT.readdress(body_of(case), envelope, model=envelope.model, max_output=None, quirks=Quirks())
    assert passed == body_of(case)


@corpus(FOLDER, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    written = json.loads(CODEC.write_response(read(case), ASKED, notes()))

    assert written == case.body


@corpus(FOLDER, only=is_answer)
def test_recorded_answer_adds_up_to_the_servers_own_counts(case: Case) -> None:
    reader = DIALECT.answer_reader(Envelope("m"), streamed=False)
    body = json.dumps(case.body).encode()

    assert reader.feed(body) == [body]

    total = case.body.get("prompt_eval_count", 0) + case.body["eval_count"]
    usage = read(case).usage
    assert usage is not None
    assert reader.usage == usage
    assert usage.total == total


@corpus(FOLDER, only=is_answer)
def test_recorded_answer_streams_to_itself(case: Case) -> None:
    response = read(case)
    writer = CODEC.stream_writer(ASKED, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    folded = fold(events_of(CODEC.stream_reader(notes()), stream, 11))

    assert folded == response


@corpus(FOLDER, only=is_stream)
def test_recorded_stream_folds_to_one_answer_at_any_cut(case: Case) -> None:
    assert case.text is not None
    lines = [json.loads(line) for line in case.text.splitlines() if line]

    for chunks in case.cuts(1, 50):
        reader = CODEC.stream_reader(notes())
        folded = fold(event for chunk in (*chunks, b"") for event in reader.feed(chunk))

        (part,) = folded.choices[0].parts
        assert isinstance(part, Text)
        assert part.text == "".join(line["message"]["content"] for line in lines if "message" in line)
        assert folded.usage is not None
        assert folded.usage.output == lines[-1]["eval_count"]


@corpus(FOLDER, only=is_stream)
def test_recorded_stream_is_what_the_same_answer_says_whole(case: Case) -> None:
    assert case.text is not None
    lines = [json.loads(line) for line in case.text.splitlines() if line]
    text = "".join(line["message"]["content"] for line in lines if "message" in line)
    whole = {**lines[-1], "message": {"role": "assistant", "content": text}}

    folded = fold(events_of(CODEC.stream_reader(notes()), case.text.encode(), 999))

    again = CODEC.read_response(json.dumps(whole).encode(), notes())
    assert said(folded) == said(again)
    assert (folded.usage, folded.wire_usage, folded.extras) == (again.usage, again.wire_usage, again.extras)


@corpus(FOLDER, only=is_stream)
def test_recorded_stream_passes_untouched_at_any_cut(case: Case) -> None:
    assert case.text is not None
    last = json.loads(case.text.splitlines()[-1])
    for chunks in case.cuts(1, 7, 100):
        reader = DIALECT.answer_reader(Envelope("m", stream=True), streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == case.text.encode()
        assert (reader.finished, reader.failed) == (True, False)
        assert reader.usage is not None
        assert reader.usage.total == last.get("prompt_eval_count", 0) + last["eval_count"]
