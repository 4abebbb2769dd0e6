"""Answers that are no chat as they pass: every byte, and the usage in them."""

import json

import pytest
from tests.providers.openai.side_support import events, pieces
from tests.support.corpus import corpus, is_answer

from tollbridge import Usage
from tollbridge.formats import AnswerReader, WholeReader
from tollbridge_openai.side_readers import BytesReader, LooseReader, SpeechReader, StreamReader
from tollbridge_openai.side_usage import added, answer_usage

PICTURE = events(
    b'{"type":"image_generation.partial_image","b64_json":"aW1hZ2VfZ2VuZXJhdGlvbi5jb21wbGV0ZWQ=","partial_image_index":0}',
    b'{"type":"image_generation.completed","b64_json":"eA==","usage":{"input_tokens":50,"output_tokens":100,'
    b'"total_tokens":150,"input_tokens_details":{"image_tokens":40,"text_tokens":10}}}',
)
WORDS = events(
    b'{"type":"transcript.text.delta","delta":"transcript.text.done, \\"usage\\": {}"}',
    b'{"type":"transcript.text.delta","delta":"you"}',
    b'{"type":"transcript.text.done","text":"..","usage":{"type":"tokens","input_tokens":14,"output_tokens":45,'
    b'"total_tokens":59,"input_token_details":{"text_tokens":4,"audio_tokens":10}}}',
)
SOUND = [
    b'event: speech.audio.delta\ndata: {"type":"speech.audio.delta","audio":"AA=="}\n\n',
    b'event: speech.audio.done\ndata: {"usage":{"input_tokens":6,"output_tokens":72,"total_tokens":78}}\n\n',
]


def reader(kind: str, **options) -> StreamReader:
    last = {"picture": "image_generation.completed", "words": "transcript.text.done", "sound": "speech.audio.done"}
    options = {"spoken": kind == "sound", "counts": kind == "words", "cost": None, **options}
    return StreamReader((last[kind],), **options)


def read(found: AnswerReader, stream: list[bytes]) -> bytes:
    return b"".join(piece for chunk in [*stream, b""] for piece in found.feed(chunk))


STREAMS = {
    "picture": (PICTURE, Usage(input=10, image_input=40, output=100)),
    "words": (WORDS, Usage(input=4, audio_input=10, output=45)),
    "sound": (SOUND, Usage(input=6, audio_output=72)),
}
each = pytest.mark.parametrize(("kind", "stream", "usage"), [(k, *v) for k, v in STREAMS.items()], ids=STREAMS)


@each
@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_stream_passes_unchanged_at_every_cut_and_its_usage_is_read(kind, stream, usage, size) -> None:
    found = reader(kind)
    whole = b"".join(stream)

    assert read(found, list(pieces(whole, size))) == whole
    assert (found.usage, found.finished, found.failed) == (usage, True, False)


@each
@pytest.mark.parametrize("size", [1, 100_000])
def test_stream_with_other_line_ends_is_read_too(kind, stream, usage, size) -> None:
    found = reader(kind)
    whole = b"".join(stream).replace(b"\n", b"\r\n")

    assert read(found, list(pieces(whole, size))) == whole
    assert (found.usage, found.finished) == (usage, True)


@each
def test_stream_without_its_last_event_is_not_finished_and_shows_whole_events_only(kind, stream, usage) -> None:
    whole = b"".join(stream)
    begin = len(whole) - len(stream[-1])

    for end in range(begin, len(whole) - 3):
        found = reader(kind)
        assert read(found, [whole[:end]]) == whole[:begin]
        assert (found.usage, found.finished) == (None, False)


@each
def test_last_event_without_its_blank_line_counts(kind, stream, usage) -> None:
    found = reader(kind)
    whole = b"".join(stream)[:-1]

    assert read(found, [whole]) == whole
    assert (found.usage, found.finished) == (usage, True)


def test_pictures_of_one_stream_add_up() -> None:
    found = reader("picture")

    read(found, [*PICTURE, *PICTURE])

    assert found.usage == Usage(input=20, image_input=80, output=200)


@pytest.mark.parametrize(("kind", "counted"), [("picture", 0), ("words", 3), ("sound", 0)])
def test_only_pieces_of_text_are_counted_as_tokens(kind, counted) -> None:
    found = reader(kind)

    read(found, STREAMS[kind][0])

    assert found.pieces == counted


@pytest.mark.parametrize("error", [b'{"error":{"message":"no"}}', b'{"type":"error","error":{"message":"no"}}'])
def test_error_of_the_provider_ends_a_stream(error) -> None:
    found = reader("words")

    assert read(found, [WORDS[0], *events(error)]) == WORDS[0] + events(error)[0]
    assert (found.finished, found.failed) == (False, True)


def test_error_behind_words_that_name_the_last_event_ends_a_stream() -> None:
    found = reader("words")
    (error,) = events(b'{"error":{"message":"no"}}')

    assert read(found, [WORDS[0] + error]) == WORDS[0] + error
    assert (found.finished, found.failed) == (False, True)


def test_error_behind_the_end_does_not_undo_it() -> None:
    found = reader("words")

    read(found, [*WORDS, *events(b'{"error":{"message":"no"}}')])

    assert (found.finished, found.failed) == (True, False)


def test_piece_without_its_blank_line_does_not_go_before_what_the_gateway_has_to_say() -> None:
    found = reader("words")

    assert read(found, [WORDS[1][:-2]]) == b""
    assert not found.finished


def test_error_that_somebody_speaks_of_is_none() -> None:
    found = reader("words")
    said = events(b'{"type":"transcript.text.delta","delta":"\\"error\\""}', b'{"type":"x","note":{"error":1}}')

    read(found, said)

    assert (found.finished, found.failed) == (False, False)


@pytest.mark.parametrize(
    "usage", [b'"many"', b'{"input_tokens":"x"}', b"null", b"{}", b'{"type":"duration","seconds":9}']
)
def test_usage_that_makes_no_sense_is_none_and_the_stream_still_ends(usage) -> None:
    found = reader("words", cost=lambda usage: "1")
    stream = events(b'{"type":"transcript.text.done","text":"","usage":%b}' % usage)

    assert read(found, stream) == stream[0]
    assert (found.usage, found.finished) == (None, True)


@pytest.mark.parametrize(
    "data", [b"transcript.text.done", b'{"type":7,"transcript.text.done":0}', b"{transcript.text.done"]
)
def test_event_that_only_looks_like_the_last_one_is_not(data) -> None:
    found = reader("words")

    assert (
        read(found, [*events(data), b": transcript.text.done\n\n"]) == events(data)[0] + b": transcript.text.done\n\n"
    )
    assert (found.usage, found.finished) == (None, False)


def test_cost_is_written_beside_the_usage() -> None:
    found = reader("words", cost=lambda usage: f"0.{usage.total}")

    assert b'"usage":{"cost":0.59,"type":"tokens",' in read(found, WORDS)


def test_no_cost_is_written_where_none_is_known() -> None:
    found = reader("words", cost=lambda usage: None)

    assert read(found, WORDS) == b"".join(WORDS)


@pytest.mark.parametrize("size", [1, 5, 6, 100_000])
@pytest.mark.parametrize("before", [b"", b": ping\n\n", b":\n\n", b":\r\n\r\n", b"id: 1\n", b"retry: 9\n"])
def test_speech_that_was_asked_for_as_events_is_read_so(before, size) -> None:
    found = SpeechReader(("speech.audio.done",), cost=None)
    whole = before + b"".join(SOUND)

    assert read(found, list(pieces(whole, size))) == whole
    assert (found.usage, found.finished, found.failed) == (Usage(input=6, audio_output=72), True, False)


@pytest.mark.parametrize("size", [1, 5, 6, 100_000])
@pytest.mark.parametrize("sound", [b"ID3\x04" + bytes(range(256)), b"RI", b"\xff", b":\x00:\x01" + bytes(9), b":\x00"])
def test_speech_that_comes_as_sound_instead_passes(sound, size) -> None:
    found = SpeechReader(("speech.audio.done",), cost=None)

    assert read(found, list(pieces(sound, size))) == sound
    assert (found.usage, found.finished) == (None, True)


@pytest.mark.parametrize("make", [lambda: SpeechReader(("speech.audio.done",), cost=None), BytesReader])
def test_speech_without_a_sound_is_not_finished(make) -> None:
    found = make()

    assert read(found, []) == b""
    assert not found.finished


def test_bytes_pass_as_they_come() -> None:
    found = BytesReader()

    assert [found.feed(chunk) for chunk in (b"data: x", b"\x00", b"")] == [[b"data: x"], [b"\x00"], []]
    assert (found.usage, found.finished, found.pieces) == (None, True, 0)


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (b'{"text":"hi","usage":{"type":"tokens","input_tokens":5,"output_tokens":2}}', Usage(input=5, output=2)),
        (b'{"text":"hi","usage":{"type":"duration","seconds":3}}', None),
        (b'{"text":"hi","usage":"?"}', None),
        (b"{music} hi\n", None),
        (b'{"text":"\xff"}', None),
        (b"1\n00:00:00,000 --> 00:00:01,000\nhi\n", None),
        (b"WEBVTT\n", None),
        (b"", None),
    ],
)
def test_whole_transcript_passes_whatever_it_is(answer, usage) -> None:
    found = LooseReader()

    assert read(found, [answer]) == answer
    assert (found.usage, found.finished, found.failed, found.pieces) == (usage, True, False, 0)


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        ({"input_tokens": 9, "output_tokens": 4}, Usage(input=9, output=4)),
        ({"input_tokens": 9, "output_tokens": 4, "total_tokens": 20}, Usage(input=9, output=11)),
        ({"output_tokens": 4}, Usage(output=4)),
        ({"input_tokens": -9, "output_tokens": -1}, Usage()),
        ({"total_tokens": 5}, None),
        ({"cost_in_usd_ticks": 700_000_000}, None),
        (None, None),
        (
            {"input_tokens": 9, "output_tokens": 1, "input_tokens_details": {"image_tokens": 6, "text_tokens": 3}},
            Usage(input=3, image_input=6, output=1),
        ),
        (
            {"input_tokens": 9, "output_tokens": 1, "input_token_details": {"audio_tokens": 50, "cached_tokens": 2}},
            Usage(cache_read=2, audio_input=7, output=1),
        ),
        ({"input_tokens": 9, "input_tokens_details": {"image_tokens": -6}}, Usage(input=9)),
        ({"input_tokens": 9, "input_tokens_details": {"image_tokens": 50}}, Usage(image_input=9)),
        ({"input_tokens": 9, "input_tokens_details": None}, Usage(input=9)),
    ],
)
def test_usage_is_read_into_buckets_that_make_the_total(wire, usage) -> None:
    assert answer_usage(json.dumps({"data": [], "usage": wire}).encode()) == usage


def test_usage_of_drawing_is_added() -> None:
    answer = {"usage": {"input_tokens": 5, "output_tokens": 7}, "svg_usage": {"input_tokens": 1, "output_tokens": 2}}

    assert answer_usage(json.dumps(answer).encode()) == Usage(input=6, output=9)
    assert answer_usage(json.dumps({"svg_usage": answer["svg_usage"]}).encode()) == Usage(input=1, output=2)
    assert added(None, None) is None


@corpus("dev/openai_images", "dev/openai_moderations", "dev/xai_images", only=is_answer)
def test_recorded_answer_passes_and_tells_no_tokens(case) -> None:
    found = WholeReader(answer_usage)
    answer = json.dumps(case.body).encode()

    assert read(found, [answer]) == answer
    assert (found.usage, found.finished) == (None, True)
