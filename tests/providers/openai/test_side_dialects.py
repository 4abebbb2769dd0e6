"""Pictures, moderation, speech and transcripts through a whole gateway: bytes, model's name, scopes and tolls."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.openai.side_support import FORM, PRICE, form, make
from tests.support.corpus import corpus

from tollbridge import BadRequest, Quirks, Unavailable, UpstreamError, input_bound
from tollbridge.formats import Dialect, Envelope, ModelEntry
from tollbridge.testing import gateway
from tollbridge_openai.side_bodies import PICTURE, read_json
from tollbridge_openai.side_dialects import (
    DRAWN,
    SIDE,
    SPOKEN,
    ImagesDialect,
    ModerationsDialect,
    SpeechDialect,
    TranscriptsDialect,
)

__all__ = ["gateway"]

IMAGES, MODERATIONS, SPEECH, TRANSCRIPTS = ImagesDialect(), ModerationsDialect(), SpeechDialect(), TranscriptsDialect()
ALL = [IMAGES, MODERATIONS, SPEECH, TRANSCRIPTS]
MP3 = b"ID3\x04\x00" + bytes(range(256))
USAGE = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


@pytest.fixture(autouse=True)
def key(monkeypatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")


def envelope_of(dialect: Dialect, path: str, body: object) -> Envelope:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (operation,) = [each for each in dialect.operations if each.path == path]
    return dialect.read_envelope(operation, path, raw)


async def rows(gw):
    return await gw.gateway.store.recent()


def test_operations_are_openais_paths_each_with_its_scope() -> None:
    listed = [(op.method, op.path, op.upstream, op.scope, op.form) for each in ALL for op in each.operations]

    assert listed == [
        ("POST", "/v1/images/generations", "/images/generations", "ai:images", False),
        ("POST", "/v1/images/edits", "/images/edits", "ai:images", True),
        ("POST", "/v1/images/variations", "/images/variations", "ai:images", True),
        ("POST", "/v1/moderations", "/moderations", "ai:moderations", False),
        ("POST", "/v1/audio/speech", "/audio/speech", "ai:audio", False),
        ("POST", "/v1/audio/transcriptions", "/audio/transcriptions", "ai:audio", True),
        ("POST", "/v1/audio/translations", "/audio/translations", "ai:audio", True),
    ]
    assert [type(each) for each in ALL] == list(SIDE)


# what is read of a body


def test_picture_is_bounded_by_the_most_one_has() -> None:
    body = b'{"model":"gpt-image-2","prompt":"a cat","n":2,"stream":true,"size":"1024x1024"}'

    assert envelope_of(IMAGES, "/v1/images/generations", body) == Envelope(
        "gpt-image-2",
        stream=True,
        max_output=2 * DRAWN,
        input_bound=input_bound(body),
        asks_usage=True,
        answers=2,
    )


def test_edit_is_read_as_json_and_as_a_form() -> None:
    plain = {"model": "m", "prompt": "x", "n": None, "stream": None, "images": [{"file_id": "file-1"}]}
    as_form = form(("model", "m"), ("prompt", "x"), ("image", b"\x89PNG", "a.png"), ("n", "3"), ("stream", "true"))

    assert envelope_of(IMAGES, "/v1/images/edits", plain).max_output == DRAWN
    found = envelope_of(IMAGES, "/v1/images/edits", as_form)
    assert (found.model, found.answers, found.stream) == ("m", 3, True)
    assert (found.max_output, found.input_bound) == (3 * DRAWN, 1 + 1 + PICTURE + 1 + 4)


def test_moderation_generates_nothing() -> None:
    found = envelope_of(MODERATIONS, "/v1/moderations", {"model": "omni-moderation-latest", "input": "x"})

    assert (found.max_output, found.outputs_tokens, found.stream) == (0, False, False)


@pytest.mark.parametrize(("said", "stream"), [("sse", True), ("audio", False), (None, False)])
def test_speech_is_bounded_by_its_text_and_streams_events_if_so_asked(said, stream) -> None:
    body = json.dumps({"model": "tts", "input": "Hello", "voice": "alloy", "stream_format": said}).encode()

    found = envelope_of(SPEECH, "/v1/audio/speech", body)

    assert (found.stream, found.max_output) == (stream, SPOKEN * len(body))


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/audio/translations"])
def test_transcript_is_read_as_a_form_and_as_json(path) -> None:
    for body in (form(("model", "m"), ("file", MP3, "a.mp3"), ("stream", "true")), b'{"model":"m","stream":true}'):
        found = envelope_of(TRANSCRIPTS, path, body)
        assert (found.model, found.stream, found.max_output, found.outputs_tokens) == ("m", True, None, True)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"model": 7}, "model"),
        ({"model": "m", "n": 0}, "n"),
        ({"model": "m", "n": 1001}, "n"),
        ({"model": "m", "n": "2"}, "n"),
        ({"model": "m", "stream": "yes"}, "stream"),
        ({"model": "m", "svg": "x"}, "svg"),
        ({"model": "m", "svg": {"model": "dear"}}, "svg.model"),
        (b'{"model":"m","model":"dear"}', "model"),
        (b'{"model":"m","mode\\u006c":"dear"}', "model"),
        (b'{"model":"m","svg":{},"svg":{"model":"dear"}}', "svg"),
        (b'["model"]', None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_wrong_field_is_named(body, param) -> None:
    with pytest.raises(BadRequest) as caught:
        read_json(body if isinstance(body, bytes) else json.dumps(body).encode())

    assert caught.value.param == param


def test_drawing_without_a_model_of_its_own_is_let_pass() -> None:
    assert read_json(b'{"model":"m","svg":{"reasoning":{"effort":"low"}}}').model == "m"


@given(st.binary(max_size=80) | st.builds(lambda tail: b'{"model":"m"' + tail, st.binary(max_size=40)))
def test_any_body_is_read_or_refused(body) -> None:
    for dialect in ALL:
        for operation in dialect.operations:
            try:
                found = dialect.read_envelope(operation, operation.path, body)
            except BadRequest:
                continue
            sent = dialect.readdress(body, found, model="x", max_output=None, quirks=Quirks())
            assert dialect.read_envelope(operation, operation.path, sent).model == "x"


# what is changed in it


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
def test_body_of_a_model_with_its_own_name_is_untouched(dialect) -> None:
    body = b'{ "model" :"m", "x": 1.0, "max_tokens": 5 }'
    envelope = envelope_of(dialect, dialect.operations[0].path, body)

    assert dialect.readdress(body, envelope, model="m", max_output=9, quirks=Quirks()) == body


def test_hosts_quirks_change_json_and_no_form() -> None:
    quirks = Quirks(rename={"size": "dimensions"}, drop=("user",))
    more = Quirks(add={"tier": '"fast"'}, drop_values={"size": ('"1x1"',)})
    body, as_form = b'{"model":"m","size":"1x1","user":"me"}', form(("model", "m"), ("size", "1x1"), ("user", "me"))
    envelope = envelope_of(IMAGES, "/v1/images/edits", body)

    dropped = IMAGES.readdress(body, envelope, model="m", max_output=None, quirks=Quirks(drop=("user",)))
    named = IMAGES.readdress(body, envelope, model="m", max_output=None, quirks=quirks)
    renamed = IMAGES.readdress(body, envelope, model="own", max_output=None, quirks=quirks)
    added = IMAGES.readdress(body, envelope, model="m", max_output=None, quirks=more)
    unchanged = IMAGES.readdress(as_form, envelope, model="m", max_output=None, quirks=quirks)

    assert json.loads(dropped) == {"model": "m", "size": "1x1"}
    assert json.loads(named) == {"model": "m", "dimensions": "1x1"}
    assert json.loads(renamed) == {"model": "own", "dimensions": "1x1"}
    assert json.loads(added) == {"model": "m", "user": "me", "tier": "fast"}
    assert unchanged == as_form


@corpus("dev/openai_images", "dev/openai_moderations", "dev/xai_images")
def test_recorded_request_keeps_all_but_its_models_name(case) -> None:
    dialect = MODERATIONS if "moderation" in case.path else IMAGES
    body = json.dumps({"model": "m", **case.request}).encode()
    envelope = envelope_of(dialect, case.path, body)

    sent = dialect.readdress(body, envelope, model="other", max_output=None, quirks=Quirks())

    assert json.loads(sent) == {"model": "m", **case.request, "model": "other"}  # noqa: F601  # in its place


# through the gateway


async def test_picture_is_paid_for_by_its_usage(gateway) -> None:
    gw = make(gateway)
    answer = b'{"created":1, "data":[{"b64_json":"eA=="}],"usage":{"input_tokens":50,"output_tokens":1000,'
    answer += b'"total_tokens":1050,"input_tokens_details":{"image_tokens":0,"text_tokens":50}}}'
    gw.upstream.reply(answer)

    reply = await gw.request("POST", "/v1/images/generations", json={"model": "small", "prompt": "a cat"})

    assert (reply.status_code, reply.content) == (200, answer)
    (sent,) = gw.sent
    assert sent.url == "https://mock.example/v1/images/generations"
    assert sent.json() == {"model": "tiny-1", "prompt": "a cat"}
    (row,) = await rows(gw)
    assert (row.operation, row.dialect, row.model_used) == ("ai:images", "openai-images", "tiny-1")
    # 50 in x 1 + 1000 out x 10, per million tokens, in nano-dollars
    assert (row.usage_source, row.cost) == ("provider", 10_050_000)
    assert reply.headers["x-tollbridge-cost-usd"] == "0.01005"


async def test_edit_goes_out_with_nothing_changed_but_the_models_name(gateway) -> None:
    gw = make(gateway)
    usage = {**USAGE, "input_tokens_details": {"image_tokens": 60, "text_tokens": 40}}
    gw.upstream.reply({"data": [], "usage": usage})
    png = (
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b'\r\n--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nno'
    )
    fields = (("image[]", png, "a.png"), ("model", "small"), ("prompt", "h\u00e9 small"), ("image[]", png, "b.png"))

    reply = await gw.request("POST", "/v1/images/edits", content=form(*fields), headers=FORM)

    assert reply.status_code == 200
    (sent,) = gw.sent
    assert sent.body == form(fields[0], ("model", "tiny-1"), *fields[2:])
    assert sent.headers["content-type"] == FORM["content-type"]
    (row,) = await rows(gw)
    # 40 in x 1 + 60 of pictures x 4 + 10 out x 10, per million tokens, in nano-dollars
    assert row.cost == 380_000


async def test_edit_in_json_is_taken_too(gateway) -> None:
    gw = make(gateway)
    gw.upstream.reply({"data": [], "usage": USAGE})
    body = {"model": "small", "prompt": "x", "images": [{"image_url": "https://x.example/a.png"}]}

    reply = await gw.request("POST", "/v1/images/edits", json=body)

    assert (reply.status_code, gw.sent[0].json()) == (200, {**body, "model": "tiny-1"})


async def test_pictures_that_stream_are_paid_for_by_the_last_event(gateway) -> None:
    gw = make(gateway)
    chunks = [
        b'event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"eA=="}\n\n',
        b'event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"eA==",'
        b'"usage":{"input_tokens":100,"output_tokens":10,"total_tokens":110}}\n\n',
    ]
    gw.upstream.stream(chunks)

    reply = await gw.request("POST", "/v1/images/generations", json={"model": "small", "prompt": "x", "stream": True})

    assert reply.content == b"".join(chunks)
    (row,) = await rows(gw)
    assert (row.outcome, row.stream, row.cost) == ("complete", True, 200_000)  # 100 x 1 + 10 x 10


async def test_pictures_that_break_off_are_ended_by_an_error_and_charged_as_reserved(gateway) -> None:
    gw = make(gateway)
    gw.upstream.stream([b'data: {"type":"image_generation.partial_image","b64_json":"eA=="}\n\n'])
    body = b'{"model":"small","prompt":"x","stream":true}'

    reply = await gw.request("POST", "/v1/images/generations", content=body)

    assert b'event: error\ndata: {"error":{"message"' in reply.content
    (row,) = await rows(gw)
    assert (row.outcome, row.usage_source) == ("truncated", "reserved")
    assert row.cost == len(body) * 4_000 + DRAWN * 10_000  # the dearest input is that of a picture


async def test_moderation_tells_no_usage_and_may_be_free(gateway) -> None:
    gw = make(gateway)
    gw.upstream.reply({"id": "modr-1", "results": [{"flagged": False}]})

    reply = await gw.request("POST", "/v1/moderations", json={"model": "free", "input": "hi"})

    assert reply.json()["id"] == "modr-1"
    (row,) = await rows(gw)
    assert (row.outcome, row.usage.total, row.cost, row.operation) == ("complete", 0, 0, "ai:moderations")


@pytest.mark.parametrize("kind", ["audio/mpeg", "application/octet-stream"])
async def test_speech_of_any_length_passes_as_sound_and_is_charged_as_reserved(gateway, kind) -> None:
    gw = make(gateway, upstream={"max_answer_bytes": 10})
    gw.upstream.reply(MP3, headers=[("content-type", kind)])
    body = b'{"model":"small","input":"Hello.","voice":"alloy"}'

    reply = await gw.request("POST", "/v1/audio/speech", content=body)

    assert (reply.content, reply.headers["content-type"]) == (MP3, kind)
    assert gw.sent[0].json()["model"] == "tiny-1"
    (row,) = await rows(gw)
    assert (row.outcome, row.usage_source, row.stream) == ("complete", "reserved", False)
    assert row.cost == len(body) * 4_000 + SPOKEN * len(body) * 10_000


async def test_speech_as_events_is_paid_for_by_its_usage(gateway) -> None:
    gw = make(gateway)
    chunks = [
        b'data: {"type":"speech.audio.delta","audio":"AA=="}\n\n',
        b'data: {"type":"speech.audio.done","usage":{"input_tokens":100,"output_tokens":10,"total_tokens":110}}\n\n',
    ]
    gw.upstream.stream(chunks)
    body = {"model": "small", "input": "Hello.", "voice": "alloy", "stream_format": "sse"}

    reply = await gw.request("POST", "/v1/audio/speech", json=body)

    assert reply.content == b"".join(chunks)
    (row,) = await rows(gw)
    assert (row.usage.audio_output, row.cost) == (10, 200_000)


async def test_speech_without_a_sound_is_an_error(gateway) -> None:
    gw = make(gateway)
    gw.upstream.reply(b"", headers=[("content-type", "audio/mpeg")])

    await gw.request("POST", "/v1/audio/speech", json={"model": "small", "input": "Hello."})

    (row,) = await rows(gw)
    assert (row.outcome, row.error) == ("truncated", "upstream_truncated")


async def test_error_in_place_of_speech_passes(gateway) -> None:
    gw = make(gateway)
    gw.upstream.reply({"error": {"message": "no such voice"}}, status=400)

    reply = await gw.request("POST", "/v1/audio/speech", json={"model": "small", "input": "Hello."})

    assert (reply.status_code, reply.json()["error"]["message"]) == (400, "no such voice")
    (row,) = await rows(gw)
    assert row.cost == 0


async def test_transcript_is_paid_for_by_its_usage(gateway) -> None:
    gw = make(gateway)
    usage = {"type": "tokens", **USAGE, "input_token_details": {"audio_tokens": 90, "text_tokens": 10}}
    gw.upstream.reply({"text": "hi", "usage": usage})
    body = form(("file", MP3, "a.mp3"), ("model", "small"))

    reply = await gw.request("POST", "/v1/audio/transcriptions", content=body, headers=FORM)

    assert reply.json()["text"] == "hi"
    assert gw.sent[0].body == form(("file", MP3, "a.mp3"), ("model", "tiny-1"))
    (row,) = await rows(gw)
    # 10 in x 1 + 90 of sound x 2 + 10 out x 10, per million tokens, in nano-dollars
    assert (row.operation, row.cost) == ("ai:audio", 290_000)


@pytest.mark.parametrize("answer", [b"Hi.\n", b"1\n00:00:00,000 --> 00:00:01,000\nHi.\n", b"WEBVTT\n\nHi.\n", b""])
async def test_transcript_that_is_text_passes(gateway, answer) -> None:
    gw = make(gateway)
    gw.upstream.reply(answer, headers=[("content-type", "text/plain; charset=utf-8")])
    body = form(("file", MP3, "a.mp3"), ("model", "free"), ("response_format", "srt"))

    reply = await gw.request("POST", "/v1/audio/translations", content=body, headers=FORM)

    assert (reply.status_code, reply.content) == (200, answer)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    (row,) = await rows(gw)
    assert (row.outcome, row.usage_source, row.cost) == ("complete", "reserved", 0)


async def test_transcript_that_streams_is_paid_for_by_its_last_event(gateway) -> None:
    gw = make(gateway)
    chunks = [
        b'data: {"type":"transcript.text.delta","delta":"hi"}\n\n',
        b'data: {"type":"transcript.text.done","text":"hi",'
        b'"usage":{"type":"tokens","input_tokens":100,"output_tokens":10}}\n\n',
    ]
    gw.upstream.stream(chunks)
    body = form(("file", MP3, "a.mp3"), ("model", "small"), ("stream", "true"))

    reply = await gw.request("POST", "/v1/audio/transcriptions", content=body, headers=FORM)

    assert reply.content == b"".join(chunks)
    (row,) = await rows(gw)
    assert (row.stream, row.cost) == (True, 200_000)


PATHS = {
    "ai:images": [
        ("/v1/images/generations", b'{"model":"small"}', {}),
        ("/v1/images/edits", form(("model", "small")), FORM),
        ("/v1/images/variations", form(("model", "small")), FORM),
    ],
    "ai:moderations": [("/v1/moderations", b'{"model":"small"}', {})],
    "ai:audio": [
        ("/v1/audio/speech", b'{"model":"small"}', {}),
        ("/v1/audio/transcriptions", form(("model", "small")), FORM),
        ("/v1/audio/translations", form(("model", "small")), FORM),
    ],
}
each_path = pytest.mark.parametrize(
    ("scope", "path", "body", "headers"), [(scope, *one) for scope, found in PATHS.items() for one in found]
)


@each_path
async def test_path_needs_its_scope_and_that_of_its_model(gateway, scope, path, body, headers) -> None:
    gw = make(gateway)
    other = "ai:images" if scope != "ai:images" else "ai:audio"
    enough, elsewhere, no_model = [
        await gw.token(*scopes)
        for scopes in ((scope, "model:small"), (other, "ai:chat", "model:*"), (scope, "model:own"))
    ]
    gw.upstream.reply({"usage": USAGE})

    answers = [
        (await gw.request("POST", path, token=token, content=body, headers=headers)).status_code
        for token in (enough, elsewhere, no_model)
    ]

    assert answers == [200, 403, 403]
    assert len(gw.sent) == 1


@each_path
async def test_model_of_a_provider_of_another_dialect_cannot_be_asked_so(
    gateway, monkeypatch, scope, path, body, headers
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant")
    gw = make(gateway, models={"small": {"targets": ["anthropic/claude"], "price": PRICE}})

    reply = await gw.request("POST", path, content=body, headers=headers)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsupported_by_target")


async def test_budget_that_holds_no_picture_refuses_one(gateway) -> None:
    gw = make(gateway, budgets={"daily_usd": "0.2"})  # a picture may cost 0.25 USD: 25,000 x 10 per million tokens

    reply = await gw.request("POST", "/v1/images/generations", json={"model": "small", "prompt": "x"})

    assert (reply.status_code, reply.json()["error"]["code"], gw.sent) == (429, "insufficient_quota", [])


async def test_output_limit_of_the_gateway_is_not_sent_where_there_is_no_such_field(gateway) -> None:
    gw = make(gateway, budgets={"cap_output": True})
    gw.upstream.reply({"text": "hi"})
    body = form(("file", MP3, "a.mp3"), ("model", "own"))

    await gw.request("POST", "/v1/audio/transcriptions", content=body, headers=FORM)

    assert gw.sent[0].body == body


async def test_all_targets_of_a_model_get_its_name_in_the_form(gateway) -> None:
    gw = make(gateway, models={"small": {"targets": ["mock/first", "mock/second"], "price": PRICE}})
    gw.upstream.reply({}, status=503)
    gw.upstream.reply({"text": "hi"})

    await gw.request("POST", "/v1/audio/transcriptions", content=form(("model", "small")), headers=FORM)

    assert [sent.body for sent in gw.sent] == [form(("model", "first")), form(("model", "second"))]


# what is written back


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
def test_errors_and_models_are_written_as_openai_does(dialect) -> None:
    entry = ModelEntry("m", "mock")

    assert json.loads(dialect.write_error(Unavailable("later"), "req_1"))["error"]["message"] == "later"
    assert json.loads(dialect.write_model(entry))["id"] == "m"
    assert json.loads(dialect.write_models([entry], {}))["data"][0]["id"] == "m"
    assert not dialect.claims({})


def test_nothing_can_be_written_into_sound() -> None:
    error = UpstreamError("broke")

    assert SPEECH.write_error_event(error, "req_1") == SPEECH.keep_alive == b""
    assert IMAGES.write_error_event(error, "req_1").startswith(b"event: error\ndata: ")
