import base64
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.metering.estimate import ATTACHMENT, TOOLS, input_bound

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4096
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400
WAV = b"RIFF\x00\x00\x10\x00WAVEfmt " + bytes(range(256)) * 400


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def body(*parts: object, **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": list(parts)}], **more}).encode()


TEXT = {"type": "text", "text": "What is this?"}
IMAGES = {
    "openai chat": {"type": "image_url", "image_url": {"url": "data:image/png;base64,%s", "detail": "high"}},
    "openai responses": {"type": "input_image", "image_url": "data:image/png;base64,%s"},
    "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%s"}},
    "gemini": {"inlineData": {"mimeType": "image/png", "data": "%s"}},
    "gemini, snake case": {"inline_data": {"data": "%s", "mime_type": "image/png"}},
    "bedrock": {"image": {"format": "png", "source": {"bytes": "%s"}}},
}
REFERENCES = [
    {"type": "image_url", "image_url": {"url": "https://a.example/1.png"}},
    {"type": "input_image", "image_url": "https://a.example/1.png"},
    {"type": "input_image", "file_id": "file-1"},
    {"type": "input_file", "file_url": "https://a.example/1.pdf"},
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "document", "source": {"type": "url", "url": "https://a.example/1.pdf"}},
    {"type": "document_url", "document_url": "https://a.example/1.pdf"},
    {"fileData": {"fileUri": "gs://a/1.png", "mimeType": "image/png"}},
]


def filled(part: object, payload: str) -> object:
    return json.loads(json.dumps(part).replace("%s", payload))


@given(st.text(), st.text())
def test_body_of_text_counts_by_its_bytes(system, user):
    plain = body({"type": "text", "text": user}, system=system)

    assert input_bound(plain) == len(plain)


def test_body_that_is_no_json_counts_by_its_bytes():
    assert input_bound(b"") == 0
    assert input_bound(b"\xff\xfe not json") == 11


@pytest.mark.parametrize("part", IMAGES.values(), ids=IMAGES)
def test_image_of_a_megabyte_counts_as_one_attachment(part):
    whole = body(TEXT, filled(part, b64(PNG)))
    frame = body(TEXT, filled(part, ""))

    assert input_bound(whole) == len(frame) + ATTACHMENT


@pytest.mark.parametrize("part", IMAGES.values(), ids=IMAGES)
def test_tiny_image_counts_as_one_attachment_too(part):
    # A picture of one colour is a few hundred bytes whatever its size in pixels.
    assert input_bound(body(TEXT, filled(part, b64(PNG[:100])))) >= ATTACHMENT


@pytest.mark.parametrize("part", REFERENCES, ids=[json.dumps(part)[:40] for part in REFERENCES])
def test_attachment_the_body_only_points_at_counts(part):
    pointing = body(TEXT, part)

    assert input_bound(pointing) == len(pointing) + ATTACHMENT


def test_each_of_several_images_counts():
    part = IMAGES["openai chat"]
    parts = [filled(part, b64(data)) for data in (PNG, b"\xff\xd8\xff\xe0" + PNG, b"GIF89a" + PNG)]
    webp = filled(IMAGES["anthropic"], b64(b"RIFF\x00\x00\x10\x00WEBPVP8 " + PNG))
    frames = [filled(part, "")] * 3 + [filled(IMAGES["anthropic"], "")]

    assert input_bound(body(*parts, webp)) == len(body(*frames)) + 4 * ATTACHMENT


def test_pdf_counts_by_its_length_besides():
    part = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,%s"}}
    text = b64(PDF)

    assert input_bound(body(filled(part, text))) == len(body(filled(part, ""))) + ATTACHMENT + len(text) // 4


def test_sound_counts_by_its_length_besides():
    part = {"type": "input_audio", "input_audio": {"data": "%s", "format": "wav"}}
    text = b64(WAV)

    assert input_bound(body(filled(part, text))) == len(body(filled(part, ""))) + ATTACHMENT + len(text) // 32


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(5000), b"plain text " * 500, b""])
def test_attachment_of_an_unknown_kind_counts_by_its_bytes_besides(data):
    whole = body(filled(IMAGES["anthropic"], b64(data)))

    assert input_bound(whole) == len(whole) + ATTACHMENT


@pytest.mark.parametrize("payload", ["=", "iVBORw0KGgoAAA=AAAA", "A", "\u00e9" * 40, "iVB"])
def test_payload_that_is_no_base64_counts_by_its_bytes_besides(payload):
    whole = body(filled(IMAGES["anthropic"], payload))

    assert input_bound(whole) >= len(whole) + ATTACHMENT - len(payload)


def test_base64_with_escaped_slashes_is_known_too():
    # PHP's json_encode writes / as \/.
    payload = b64(b"\xff\xd8\xff\xe0" + PNG)
    whole = body(filled(IMAGES["openai chat"], payload)).replace(b"/", b"\\/")
    frame = body(filled(IMAGES["openai chat"], "")).replace(b"/", b"\\/")

    assert input_bound(whole) == len(frame) + ATTACHMENT


def test_base64_in_a_text_counts_by_its_bytes():
    inside = body({"type": "text", "text": '{"image_url": {"url": "data:image/png;base64,' + b64(PNG) + '"}}'})

    assert input_bound(inside) == len(inside)


def test_base64_in_the_arguments_of_a_tool_counts_at_least_as_an_attachment():
    call = {"type": "tool_use", "id": "1", "name": "draw", "input": {"url": "data:image/png;base64," + b64(PNG)}}
    one = input_bound(body(filled(IMAGES["anthropic"], b64(PNG))))

    assert input_bound(body(filled(IMAGES["anthropic"], b64(PNG)), call)) > one + ATTACHMENT


@pytest.mark.parametrize("tools", [{"tools": [{"name": "a"}]}, {"toolConfig": {"tools": [{"toolSpec": {}}]}}])
def test_tools_add_what_the_provider_writes_about_them(tools):
    whole = body(TEXT, **tools)

    assert input_bound(whole) == len(whole) + TOOLS
    assert input_bound(body(REFERENCES[0], **tools)) == len(body(REFERENCES[0], **tools)) + TOOLS + ATTACHMENT


def test_attachments_beyond_the_thousandth_count_by_their_bytes():
    part = filled(IMAGES["anthropic"], b64(PNG[:30]))
    many, more = body(*[part] * 1000), body(*[part] * 1001)

    assert input_bound(more) - input_bound(many) == len(more) - len(many) + ATTACHMENT


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_whatever_have_a_bound(before, after):
    for key in (b'{"source":{', b'"image_url":', b'"data":"', b'"url":"data:;base64,'):
        assert input_bound(before + key + after) >= 0
        assert input_bound(b'"source":{' + before + key + after) >= ATTACHMENT


@given(st.lists(st.sampled_from(sorted(IMAGES)), max_size=6), st.integers(0, 3000))
def test_bound_never_falls_when_an_image_grows(kinds, size):
    small = body(*[filled(IMAGES[kind], b64(PNG[:100])) for kind in kinds])
    large = body(*[filled(IMAGES[kind], b64(PNG[: 100 + size])) for kind in kinds])

    assert input_bound(large) == input_bound(small)


ADVERSARIES = {
    "spaces behind a key": (b'"source"', b" "),
    "spaces behind a key of a source": (b'"source":{"url"', b" "),
    "keys without values": (b"", b'"image_url" '),
    "openings": (b"", b'"source":{'),
    "empty values": (b'"source":{', b'"url":"'),
    "data URLs without an end": (b'"source":{', b'"url":"data:;,'),
    "long heads": (b'"source":{', b'"data":"data:' + b"x" * 255),
    "quotes": (b'"source":{', b'"'),
    "backslashes": (b'"source":{"data":"', b"\\"),
    "one endless payload": (b'"source":{"data":"iVBORw0KGgo', b"A"),
}


@pytest.mark.parametrize(("start", "piece"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_hostile_body_takes_time_in_proportion_to_its_length(start, piece):
    def bounding(size):
        text = start + piece * (size // len(piece))
        return lambda: input_bound(text)

    assert_linear(bounding, 16_000)


CORPUS = os.environ.get("TOLLBRIDGE_CORPUS", "")
_OWN_TOOL = {"input_schema", "toolSpec", "functionDeclarations", "function_declarations"}
_STORED = ("previous_response_id", "conversation", "cachedContent", "web_search_options")
_POINTING = re.compile(r'"(?:fileUri|file_uri|file_id|file_url)"')


def _reported(answer: object) -> int:
    """Find the most input tokens that an answer says it charges for, cache included."""
    if isinstance(answer, list):
        return max((_reported(item) for item in answer), default=0)
    if not isinstance(answer, dict):
        return 0
    # Cohere tells `tokens` beside `billed_units`: with a long prompt of its own, which it does not charge for.
    most = max((_reported(value) for key, value in answer.items() if key != "tokens"), default=0)
    names = ("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens")
    found = next((answer[name] for name in names if isinstance(answer.get(name), int)), 0)
    parts = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return max(most, found + sum(answer.get(name) or 0 for name in parts))


def _answer(case: dict) -> object:
    response = case["response"]
    if "text" not in response:
        return response.get("body")
    lines = (line.removeprefix("data:").strip() for line in response["text"].splitlines())
    return [json.loads(line) for line in lines if line.startswith("{")]


def _is_visible(request: dict) -> bool:
    """Whether all that goes into the model stands in the body: no tools of the provider's own, nothing stored."""
    tools = [*(request.get("tools") or []), *(request.get("toolConfig") or {}).get("tools", [])]
    own = all(tool.get("type") in ("function", "custom") or _OWN_TOOL & tool.keys() for tool in tools)
    return own and not any(request.get(key) for key in _STORED) and not _POINTING.search(json.dumps(request))


@pytest.mark.skipif(not CORPUS, reason="TOLLBRIDGE_CORPUS does not name the recorded traffic")
def test_no_recorded_answer_reports_more_input_than_its_bound():
    checked, above = 0, []
    for path in sorted(Path(CORPUS, "dev").glob("*/*.json")):
        case = json.loads(path.read_text("utf-8"))
        request = (case.get("request") or {}).get("body")
        if not isinstance(request, dict) or "grok" in json.dumps(request) or not _is_visible(request):
            continue
        reported = _reported(_answer(case))
        checked += reported > 0
        bound = input_bound(json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode())
        if reported > bound:
            above.append((path.parent.name, case["name"], reported, bound))

    assert checked > 1000
    assert above == []
