"""What upstreams are shown of the gateway."""

from typing import Any

import msgspec
import pytest

from tollbridge_rest.credentials import Ours, is_reference, references, shown_to, supplied
from tollbridge_rest.definition import Upstream

KEYS = {"stored:k": "s3cret", "env:T": "t1"}


async def reading(reference: str, where: str) -> str:
    return KEYS[reference]


def make(**more: Any) -> Upstream:
    return msgspec.convert({"nodes": [{"url": "https://api.example"}], **more}, Upstream)


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ({"key": "stored:k"}, (b"authorization", b"Bearer s3cret")),
        ({"scheme": "header", "key": "stored:k"}, (b"x-api-key", b"s3cret")),
        ({"scheme": "header", "name": "X-Own", "key": "stored:k"}, (b"x-own", b"s3cret")),
        ({"scheme": "basic", "user": "u", "key": "stored:k"}, (b"authorization", b"Basic dTpzM2NyZXQ=")),
    ],
)
async def test_key_is_shown_in_its_scheme(auth: dict[str, str], shown: tuple[bytes, bytes]) -> None:
    assert await shown_to("upstreams/main", make(auth=auth), reading) == Ours([shown])
    assert list(supplied(make(auth=auth))) == [shown[0].decode()]


async def test_key_in_the_query_takes_the_place_of_the_callers_and_comes_down_nowhere() -> None:
    upstream = make(headers={"X-T": "env:T"}, auth={"scheme": "query", "name": "appid", "key": "stored:odd"})

    async def odd(reference: str, where: str) -> str:
        return {"env:T": "t1", "stored:odd": "a&b c"}[reference]

    ours = await shown_to("upstreams/main", upstream, odd)

    assert (ours.headers, list(supplied(upstream))) == ([(b"x-t", b"t1")], ["x-t"])
    assert ours.target("/rain") == "/rain?appid=a%26b+c"
    assert ours.target("/rain?q=x&app%69d=mine&appid&p=1") == "/rain?q=x&p=1&appid=a%26b+c"
    told = [(b"location", b"/there?appid=a%26b+c&q=x"), (b"x-note", b"appid=a%26b+c"), (b"link", b"<?appid=a&b c>")]
    assert ours.hidden(told) == [(b"location", b"/there?appid=&q=x"), told[1], (b"link", b"<?appid=>")]
    assert Ours([]).target("/rain?appid=mine") == "/rain?appid=mine"
    assert Ours([]).hidden(told) == told


async def test_credential_takes_the_place_of_a_header_of_its_name() -> None:
    upstream = make(headers={"Authorization": "other", "X-T": "env:T"}, auth={"key": "stored:k"})

    found = (await shown_to("upstreams/main", upstream, reading)).headers

    assert set(supplied(upstream)) == {"x-t", "authorization"}
    assert found == [(b"x-t", b"t1"), (b"authorization", b"Bearer s3cret")]
    assert list(references(upstream)) == ["stored:k", "env:T"]


async def test_who_reads_a_reference_is_told_where_it_stands() -> None:
    asked = []

    async def read(reference: str, where: str) -> str:
        asked.append((reference, where))
        return "x"

    await shown_to("upstreams/main", make(headers={"X-T": "env:T"}, auth={"key": "stored:k"}), read)

    assert asked == [("env:T", "upstreams/main/headers/X-T"), ("stored:k", "upstreams/main/auth/key")]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("stored:a", True), ("env:A", True), ("file:/a", True), ("stored:", False), ("other:a", False), ("env", False)],
)
def test_reference_is_told_from_a_plain_value(text: str, is_one: bool) -> None:
    assert is_reference(text) is is_one
