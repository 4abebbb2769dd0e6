"""A request as its caller made it."""

import pytest

from tollbridge import Call
from tollbridge.testing.samples import NOON
from tollbridge_signed.messages import Fields, Wrong, message_of, said_of


def call(path: str = "/", **fields: object) -> Call:
    return Call("req_1", NOON, 0.0, "http", "GET", path, [], **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"raw_path": b"/v1/models"}, "https://gw.example/v1/models"),
        ({"raw_path": b"/a%2Fb%20c", "query": b"x=%41&y"}, "https://gw.example/a%2Fb%20c?x=%41&y"),
        ({"path": "/caf\xe9 1"}, "https://gw.example/caf%C3%A9%201"),
        ({"raw_path": b"/ai/v1/models", "native": {"root_path": "/ai"}}, "https://gw.example/v1/models"),
        ({"raw_path": b"/ai/v1/models", "native": {"root_path": "/ai/"}}, "https://gw.example/v1/models"),
        ({"raw_path": b"/v1/models", "native": {"root_path": "/ai"}}, "https://gw.example/v1/models"),
        ({"raw_path": b"/v1/models", "native": object()}, "https://gw.example/v1/models"),
    ],
)
def test_url_is_the_public_one_with_path_and_query_as_they_came(fields, url) -> None:
    assert message_of(call(**fields), "https://gw.example").url == url


def test_lines_of_one_name_are_joined_and_kept_apart_from_others() -> None:
    fields = Fields([(b"a", b" 1 "), (b"b", b"2"), (b"a", b"3\xe9")])

    assert (fields.get("a"), fields.get("b"), fields.get("c")) == ("1, 3\xe9", "2", None)
    assert list(fields.items()) == [("a", "1"), ("b", "2"), ("a", "3\xe9")]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "there are 0 signatures"),
        (b"a=(), b=()", "there are 2 signatures"),
        (b"a=(", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b'a=();created=1;nonce="n";keyid="tollbridge"', "its tag is another"),
        (b'a=();created=1;nonce="n";keyid="k";tag=tollbridge', "its tag is another"),
        (b'a=1;nonce="n";keyid="k";tag="tollbridge"', "does not say when"),
        (b'a=();created=1.0;nonce="n";keyid="k";tag="tollbridge"', "does not say when"),
        (b'a=();created=?1;nonce="n";keyid="k";tag="tollbridge"', "does not say when"),
        (b'a=();created=1;expires=?1;nonce="n";keyid="k";tag="tollbridge"', "does not say when"),
        (b'a=();created=1;nonce=n;keyid="k";tag="tollbridge"', "no keyid or no nonce"),
    ],
)
def test_what_a_signature_says_of_itself_is_read_strictly(said, why) -> None:
    with pytest.raises(Wrong, match=why):
        said_of(Fields([(b"signature-input", said)]))
