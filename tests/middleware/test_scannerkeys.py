"""Whether a report was signed by the scanner whose keys are known."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.support.scanners import Scanner, published

from tollbridge.errors import Denied, Unavailable, UpstreamError
from tollbridge.scannerkeys import ScannerKeys, read_keys
from tollbridge.testing import FixedClock
from tollbridge.transport.base import UpstreamRequest

SCANNER = Scanner()
URL = "https://scanner.example/keys"
BODY = b'[{"token":"tb_x","type":"tollbridge_token","url":"https://example.com/a"}]'


class Publisher:
    """Stands for the network: what it says for the keys, and what was asked of it."""

    def __init__(self, document: bytes, status: int = 200) -> None:
        self.document, self.status = document, status
        self.asked: list[UpstreamRequest] = []
        self.headers: list[tuple[bytes, bytes]] = []

    async def send(self, request: UpstreamRequest) -> "Publisher":
        self.asked.append(request)
        if not self.document:
            raise UpstreamError("no way there")
        return self

    async def read(self, limit: int) -> bytes:
        return self.document

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
async def keys() -> AsyncIterator[Any]:
    made: list[ScannerKeys] = []

    def make(publisher: Publisher, **options: Any) -> ScannerKeys:
        made.append(ScannerKeys(URL, publisher, FixedClock(), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_body_that_the_scanner_signed_is_taken_and_its_keys_are_fetched_once(keys) -> None:
    scanner = Scanner()
    publisher = Publisher(published(Scanner("other").entry(), scanner.entry()))
    one = keys(publisher)

    for _ in range(3):
        await one.check(scanner.key_id, scanner.signature(BODY), BODY)

    (asked,) = publisher.asked
    assert (asked.method, asked.url, asked.allow_private) == ("GET", URL, False)


def forged() -> dict[str, str]:
    good = base64.b64decode(SCANNER.signature(BODY))
    numbers = {"zero": encode_dss_signature(0, 0), "too large": encode_dss_signature(2**256, 1)}
    numbers["negative"] = bytes.fromhex("30060201ff020101")
    return {
        "of another body": SCANNER.signature(BODY + b" "),
        "of another key": Scanner().signature(BODY),
        "cut": base64.b64encode(good[:-1]).decode(),
        "longer": base64.b64encode(good + b"\0").decode(),
        "no base64": "%%%",
        "not ASCII": "é",
        "empty": "",
        **{name: base64.b64encode(pair).decode() for name, pair in numbers.items()},
    }


FORGED = forged()


@pytest.mark.parametrize("name", FORGED)
async def test_signature_that_is_none_is_refused(keys, name: str) -> None:
    one = keys(Publisher(published(SCANNER.entry())))

    with pytest.raises(Denied, match="not one of the scanner's") as refusal:
        await one.check(SCANNER.key_id, FORGED[name], BODY)

    assert refusal.value.code == "bad_signature"


@pytest.mark.parametrize("key_id", ["", "another", "bcb5366"])
async def test_key_that_the_scanner_does_not_publish_is_refused(keys, key_id: str) -> None:
    one = keys(Publisher(published(SCANNER.entry())))

    with pytest.raises(Denied):
        await one.check(key_id, SCANNER.signature(BODY), BODY)


async def test_key_id_that_two_keys_have_is_refused(keys) -> None:
    one = keys(Publisher(published(SCANNER.entry(), Scanner().entry())))

    with pytest.raises(Denied):
        await one.check(SCANNER.key_id, SCANNER.signature(BODY), BODY)


@pytest.mark.parametrize("publisher", [Publisher(b""), Publisher(b"{}"), Publisher(published(SCANNER.entry()), 403)])
async def test_nothing_is_taken_while_the_keys_cannot_be_had(keys, publisher: Publisher) -> None:
    one = keys(publisher, allow_private=True)

    with pytest.raises(Unavailable, match="the scanner's keys cannot be had now"):
        await one.check(SCANNER.key_id, SCANNER.signature(BODY), BODY)

    assert publisher.asked[0].allow_private


def test_keys_that_cannot_be_used_are_left_out() -> None:
    good = Scanner("good")
    unusable: list[Any] = [
        "text",
        good.entry(key_identifier=7),
        good.entry(key_identifier=""),
        good.entry(key_identifier="x" * 300),
        good.entry(key=None),
        good.entry(key="-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----"),
        good.entry(key=good.private_pem()),
        Scanner("384", ec.SECP384R1()).entry(),
    ]

    found = read_keys(published(*unusable, good.entry()))

    assert [key.kid for key in found.keys] == ["good"]
    with pytest.raises(ValueError, match="none of the document's keys"):
        read_keys(published(*unusable))


@pytest.mark.parametrize("document", [b"[]", b'{"public_keys": {}}', published(*[{}] * 101), b"\xff"])
def test_document_of_another_shape_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"list|object|UTF|utf|decode|JSON"):
        read_keys(document)
