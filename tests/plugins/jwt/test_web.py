"""Asking an issuer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.scripted import Answer

from tollbridge import UpstreamError, UpstreamRequest
from tollbridge.transport import Timeouts, make_transport
from tollbridge_jwt import web
from tollbridge_jwt.web import Web, check_url

URL = "https://idp.example/jwks"


class Line:
    """A transport that gives one answer."""

    def __init__(self, answer: Answer | Callable[[], Awaitable[Any]]) -> None:
        self.answer = answer
        self.asked: list[UpstreamRequest] = []

    async def send(self, request: UpstreamRequest) -> Any:
        self.asked.append(request)
        return self.answer if isinstance(self.answer, Answer) else await self.answer()


@pytest.mark.parametrize("url", [URL, "https://idp.example:8443/?a=b", "https://[2001:db8::1]/"])
def test_url_of_tls_is_taken(url: str) -> None:
    check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url", ["", "corp", "http://idp.example/", "ftp://idp.example/", "https:///x", "https://u@idp.example/", f"{URL}#x"]
)
def test_url_that_keys_should_not_cross_by_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        check_url(url, allow_private=False)


def test_plain_http_is_for_private_addresses_alone() -> None:
    check_url("http://10.0.0.1/", allow_private=True)
    with pytest.raises(ValueError, match="must begin with https://"):
        check_url("ftp://10.0.0.1/", allow_private=True)


@pytest.mark.parametrize("status", [200, 201, 204, 302, 404, 500])
async def test_answer_is_read_and_closed_and_none_but_200_counts(status: int) -> None:
    answer = Answer(b"{}", status=status)

    try:
        found = await Web(Line(answer), allow_private=False).get(URL)
    except UpstreamError as exc:
        found = (exc.detail or "").encode()

    assert found == (b"{}" if status == 200 else b"idp.example: it answered %d" % status)
    assert answer.closed == 1


@pytest.mark.parametrize("status", [200, 400])
async def test_form_may_be_answered_with_400_and_what_is_wrong(status: int) -> None:
    line = Line(Answer(b"{}", status=status))

    assert await Web(line, allow_private=False).post(URL, ((b"x", b"y"),), b"a=b") == (status, b"{}")
    (asked,) = line.asked
    assert (asked.method, asked.body, dict(asked.headers)[b"x"]) == ("POST", b"a=b", b"y")


@pytest.mark.parametrize("allow_private", [True, False])
async def test_private_addresses_are_dialled_only_where_that_is_said(allow_private: bool) -> None:
    line = Line(Answer(b"{}"))

    await Web(line, allow_private=allow_private).get(URL)

    assert [request.allow_private for request in line.asked] == [allow_private]


@pytest.mark.parametrize("url", ["http://idp.example/", "https://[::1", "https://u:p@idp.example/"])
async def test_url_that_an_issuer_names_is_looked_at_as_one_that_is_configured(url: str) -> None:
    line = Line(Answer(b"{}"))

    with pytest.raises(UpstreamError) as caught:
        await Web(line, allow_private=False).get(url)

    assert caught.value.detail == "its URL: it does not begin with https://"
    assert line.asked == []


async def test_silent_server_is_given_up_and_its_connection_closed(monkeypatch) -> None:
    monkeypatch.setattr(web, "PATIENCE_S", 0.01)
    answer = Answer(b"{", asyncio.Event())

    with pytest.raises(UpstreamError) as caught:
        await Web(Line(answer), allow_private=False).get(URL)

    assert caught.value.detail == "idp.example: it did not answer within 0.01 s"
    assert (answer.cancelled, answer.closed) == (True, 1)


async def test_gateways_own_way_out_dials_no_private_address_unasked() -> None:
    transport = make_transport("http1", Timeouts())
    try:
        for url in ("https://127.0.0.1:9/", "https://[::1]:9/", "https://169.254.169.254/", "https://localhost:9/"):
            with pytest.raises(UpstreamError) as caught:
                await Web(transport, allow_private=False).get(url)
            assert "not public" in (caught.value.detail or "")
    finally:
        await transport.close()
