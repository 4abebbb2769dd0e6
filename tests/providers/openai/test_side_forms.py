"""Forms: every field is found, one is changed in place, and what could be read in two ways is refused."""

import contextlib
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from python_multipart import parse_form
from tests.providers.openai.side_support import BOUNDARY, form

from tollbridge import BadRequest
from tollbridge_openai.side_bodies import LONGEST_SOUND, PICTURE, SOUND, Asked, read_form
from tollbridge_openai.side_forms import MOST_PARTS, only_part, parts_of, text_of, with_field

WAV = b"RIFF\x00\x01\xff--\r\n\r\n--b0und\r\n\x00WAVE"
names = st.text(st.characters(codec="ascii", exclude_characters='"\\', categories=("L", "N", "P")), min_size=1)
contents = st.binary(max_size=60).filter(lambda data: b"--" + BOUNDARY.encode() not in data)
fields = st.lists(st.tuples(names, contents) | st.tuples(names, contents, st.just("a.bin")), min_size=1, max_size=6)


def head(line: str, *more: str) -> bytes:
    lines = "\r\n".join((line, *more))
    return f"--{BOUNDARY}\r\n{lines}\r\n\r\nsmall\r\n--{BOUNDARY}--\r\n".encode()


def test_fields_are_found_in_order_with_their_bytes() -> None:
    body = form(("model", "small"), ("file", WAV, "a.wav"), ("empty", ""))

    found = [(part.name, body[part.start : part.end], part.is_file, part.kind) for part in parts_of(body)]

    assert found == [
        ("model", b"small", False, b""),
        ("file", WAV, True, b"application/octet-stream"),
        ("empty", b"", False, b""),
    ]


@given(fields)
@example([("a", b"\r\n")])
@example([("a", b"--")])
@example([("a", b"\r")])
@example([("a", b"\r\n--")])
def test_every_form_is_read_as_another_reader_does(given_fields) -> None:
    body = form(*given_fields)
    theirs: list[tuple[str, bytes]] = []

    class Input:
        def __init__(self) -> None:
            self.left = body

        def read(self, size: int) -> bytes:
            taken, self.left = self.left[:size], self.left[size:]
            return taken

    parse_form(
        {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}".encode()},
        Input(),
        lambda field: theirs.append((field.field_name.decode(), field.value or b"")),
        lambda file: theirs.append((file.field_name.decode(), _content(file))),
    )

    ours = [(part.name, body[part.start : part.end]) for part in parts_of(body)]
    assert sorted(ours) == sorted(theirs)
    assert ours == [(field[0], field[1]) for field in given_fields]


def _content(file) -> bytes:
    file.file_object.seek(0)
    return file.file_object.read()


@given(fields, st.binary(min_size=1, max_size=20).filter(lambda data: b"--" not in data and b"\r" not in data))
def test_changed_field_leaves_every_other_byte(given_fields, value) -> None:
    others = [field for field in given_fields if field[0].partition("[")[0].strip().casefold() != "model"]
    at = len(others) // 2
    body = form(*others[:at], ("model", b"small"), *others[at:])

    assert with_field(body, "model", value) == form(*others[:at], ("model", value), *others[at:])


@given(st.binary(max_size=200))
@example(b"--b\r\n--b--")
@example(b"--b\r\n\r\n--b--")
@example(b"--b\r\n\r\n\r\n--b--")
def test_any_bytes_are_read_or_refused(body) -> None:
    with contextlib.suppress(BadRequest):
        read_form(body, of_sound=True)


@given(st.data())
def test_form_cut_or_broken_anywhere_is_read_or_refused(data) -> None:
    body = bytearray(form(("model", "small"), ("file", WAV, "a.wav"), ("n", "2")))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        how = data.draw(st.sampled_from(["cut", "drop", "change", "double"]))
        if how == "cut":
            body = body[: at + 1]
        elif how == "drop" and len(body) > 1:
            del body[at]
        elif how == "change":
            body[at] = data.draw(st.integers(0, 255))
        else:
            body[at:at] = body[max(0, at - 20) : at]
    with contextlib.suppress(BadRequest):
        read_form(bytes(body), of_sound=False)


def test_form_cut_at_any_byte_before_its_end_is_refused() -> None:
    body = form(("model", "small"), ("file", WAV, "a.wav"))

    for end in range(len(body) - 2):
        with pytest.raises(BadRequest):
            parts_of(body[:end])
    assert parts_of(body[:-2]) == parts_of(body)


@pytest.mark.parametrize(
    "line",
    [
        'Content-Disposition: form-data; name="model"',
        "Content-Disposition: form-data; name=model",
        'content-disposition:form-data;name="model"',
        'CONTENT-DISPOSITION: Form-Data ; NAME="model" ',
    ],
)
def test_name_is_read_as_clients_write_it(line) -> None:
    assert [part.name for part in parts_of(head(line))] == ["model"]


@pytest.mark.parametrize(
    "line",
    [
        'Content-Disposition: form-data; filename="a.wav"; name="file"',
        "Content-Disposition: form-data; name=file; filename=a.wav; filename*=utf-8''a.wav",
        "Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%e2%82%ac.wav",
        'Content-Disposition: form-data; name="file"; filename=""',
    ],
)
def test_file_is_told_from_a_text_as_clients_write_it(line) -> None:
    (part,) = parts_of(head(line, "Content-Type: audio/wav"))

    assert (part.name, part.is_file, part.kind) == ("file", True, b"audio/wav")


TWO_WAYS = {
    "no name": ['Content-Disposition: form-data; filename="x"'],
    "no disposition": ["Content-Type: text/plain"],
    "another disposition": ['Content-Disposition: attachment; name="model"'],
    "two dispositions": ['Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="model"'],
    "two names": ['Content-Disposition: form-data; name="a"; name="model"'],
    "two spellings of a name": ["Content-Disposition: form-data; name=\"a\"; name*=utf-8''model"],
    "escaped quote": ['Content-Disposition: form-data; name="a\\"; name=\\"model"'],
    "backslash": ['Content-Disposition: form-data; name="mo\\del"'],
    "quote in a file's name": ['Content-Disposition: form-data; name="a"; filename="b\\"; name="model"'],
    "folded line": ['Content-Disposition: form-data; name="a";', ' filename="x"; name="model"'],
    "line that ends by itself": ['Content-Disposition: form-data; name="a"\nX: y'],
    "return alone": ['Content-Disposition: form-data; name="a"\rX: y'],
    "no semicolon": ['Content-Disposition: form-data name="model"'],
    "rest that is no parameter": ['Content-Disposition: form-data; name="model" x'],
    "nothing that is a header": ["model"],
    "space before the colon": ['Content-Disposition : form-data; name="model"'],
    "encoded content": ['Content-Disposition: form-data; name="model"', "Content-Transfer-Encoding: base64"],
    "name that is no text": ['Content-Disposition: form-data; name="mod\udcffel"'],
}


@pytest.mark.parametrize("lines", TWO_WAYS.values(), ids=TWO_WAYS)
def test_head_that_could_be_read_in_two_ways_is_refused(lines) -> None:
    written = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    body = b"--b0undary\r\n" + written + b"\r\n\r\nsmall\r\n--b0undary--\r\n"

    with pytest.raises(BadRequest):
        parts_of(body)


START = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nsmall'
BAD_FRAMES = {
    "nothing": b"",
    "no boundary": b"model=small",
    "empty boundary": b"--\r\n\r\n",
    "boundary that ends with a space": b"--b \r\n\r\n",
    "boundary that is too long": b"--" + b"b" * 71 + b"\r\n\r\n",
    "no parts": b"--b--\r\n",
    "no end": START,
    "boundary within a line": START + b"--b--",
    "boundary behind a line feed": START + b"\n--b--",
    "boundary behind a return": START + b"\r--b--",
    "boundary within a field": START + b"--b in it\r\n--b--",
    "boundary that goes on": START + b"\r\n--bc\r\n--b--",
    "boundary with a space": START + b"\r\n--b \r\n--b--",
    "boundary with a line feed": START + b'\r\n--b\nContent-Disposition: form-data; name="model"\n\nx\r\n--b--',
    "something behind it": START + b'\r\n--b--\r\n--c\r\nContent-Disposition: form-data; name="model"\r\n\r\nx',
    "something behind it at once": START + b"\r\n--b--x",
    "two ends": START + b"\r\n--b--\r\n--b--\r\n",
    "head without an end": b"--b\r\nContent-Disposition: form-data; name=x\r\n--b--",
    "head that is too long": START.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 9_000 + b"\r\n\r\n") + b"\r\n--b--",
    "part without anything": b"--b\r\n--b--",
}


@pytest.mark.parametrize("body", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_frame_that_could_be_read_in_two_ways_is_refused(body) -> None:
    with pytest.raises(BadRequest):
        parts_of(body)


def test_form_has_so_many_fields_and_no_more() -> None:
    most = [("a", "x")] * MOST_PARTS

    assert len(parts_of(form(*most))) == MOST_PARTS
    with pytest.raises(BadRequest, match=f"more than {MOST_PARTS}"):
        parts_of(form(*most, ("a", "x")))


@pytest.mark.parametrize("twin", ["model", "Model", "model[]", "model[0]", " model", "MODEL"])
def test_model_that_is_named_twice_is_refused(twin) -> None:
    with pytest.raises(BadRequest, match="'model'") as caught:
        read_form(form(("model", "small"), (twin, "large")), of_sound=True)

    assert caught.value.param == "model"


@pytest.mark.parametrize("name", ["Model", "model[]", "stream ", "N"])
def test_field_by_nearly_its_name_is_refused(name) -> None:
    fields = [] if name.lower().startswith("m") else [("model", "small")]

    with pytest.raises(BadRequest):
        read_form(form(*fields, (name, "1")), of_sound=True)


@pytest.mark.parametrize("name", ["remodel", "models", "model_x", "now", "xn"])
def test_field_of_another_name_is_no_twin(name) -> None:
    assert read_form(form(("model", "small"), (name, "x")), of_sound=True).model == "small"


@pytest.mark.parametrize("value", ["", "a\r\nb", "a\x00b", b"\xff"])
def test_model_that_is_no_name_is_refused(value) -> None:
    with pytest.raises(BadRequest) as caught:
        read_form(form(("model", value)), of_sound=True)

    assert caught.value.param == "model"


def test_model_that_is_a_file_or_of_another_type_is_refused() -> None:
    disposition = 'Content-Disposition: form-data; name="model"'

    with pytest.raises(BadRequest):
        read_form(form(("model", "small", "a.txt")), of_sound=True)
    for kind in ("text/plain; charset=utf-16", "application/json", "text/html"):
        with pytest.raises(BadRequest):
            read_form(head(disposition, f"Content-Type: {kind}"), of_sound=True)
    for kind in (
        "text/plain",
        "text/plain; charset=utf-8",
        'Text/Plain;charset="UTF8"',
        "text/plain; charset=us-ascii",
    ):
        assert read_form(head(disposition, f"Content-Type: {kind}"), of_sound=True).model == "small"


def test_form_without_a_model_says_what_is_missing() -> None:
    with pytest.raises(BadRequest, match="'model' is missing") as caught:
        read_form(form(("file", WAV, "a.wav")), of_sound=True)

    assert caught.value.param == "model"


@pytest.mark.parametrize("name", ["svg[model]", "svg[ model ]", "SVG[Model]", "svg [model"])
def test_form_that_names_a_second_model_is_refused(name) -> None:
    with pytest.raises(BadRequest, match="another model"):
        read_form(form(("model", "small"), (name, "dear")), of_sound=False)


@pytest.mark.parametrize(
    ("text", "stream"), [("true", True), ("True", True), ("1", True), ("false", False), ("", False), ("0", False)]
)
def test_stream_is_read_as_servers_do(text, stream) -> None:
    assert read_form(form(("model", "m"), ("stream", text)), of_sound=True).stream is stream


@pytest.mark.parametrize(("text", "answers"), [("1", 1), ("4", 4), (" 2 ", 2)])
def test_number_of_answers_is_read(text, answers) -> None:
    assert read_form(form(("model", "m"), ("n", text)), of_sound=False).answers == answers


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "1001", "9" * 5_000])
def test_number_of_answers_that_is_none_is_refused(text) -> None:
    with pytest.raises(BadRequest) as caught:
        read_form(form(("model", "m"), ("n", text)), of_sound=False)

    assert caught.value.param == "n"


def test_text_counts_by_its_bytes_and_files_by_their_kind() -> None:
    texts = (("model", "small"), ("prompt", "h\u00e9llo"))  # 5 and 6 bytes
    pictures = form(*texts, ("image[]", b"x" * 100_000, "a.png"), ("image[]", b"x", "b.png"))
    sound = form(*texts, ("file", b"x" * 240, "a.wav"))
    referred = form(*texts, ("known_speaker_references[]", "data:audio/wav;base64," + "A" * 218))

    assert read_form(pictures, of_sound=False) == Asked("small", bound=11 + 2 * PICTURE)
    assert read_form(sound, of_sound=True).bound == 11 + 240 // SOUND + 1
    assert read_form(referred, of_sound=True).bound == 11 + 240 // SOUND + 1
    assert read_form(form(*texts, ("file", b"x" * 33_000_000, "a")), of_sound=True).bound == 11 + LONGEST_SOUND


def test_field_that_is_not_there_changes_nothing() -> None:
    body = form(("prompt", "x"))

    assert with_field(body, "model", b"y") == body
    assert only_part(parts_of(body), "model") is None
    assert text_of(body, parts_of(body)[0]) == "x"


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n" * 1_000_000,
        START + b"\r\n--" * 2_000_000,
        b"--b\r\n" + b"\r\n" * 4_000_000,
        START + b"\r" * 8_000_000,
    ],
    ids=["boundaries", "dashes", "lines", "returns"],
)
def test_hostile_megabytes_are_refused_soon(body) -> None:

    begun = time.thread_time()
    with pytest.raises(BadRequest):
        parts_of(body)
    assert time.thread_time() - begun < 0.5
