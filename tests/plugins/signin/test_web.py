import asyncio

import httpx2
import pytest

from tollbridge import Unavailable
from tollbridge.errors import UpstreamUnreachable
from tollbridge.testing import FakeUpstream
from tollbridge_signin import web
from tollbridge_signin.web import GuardedTransport, check_url


def client(upstream, *, allow_private=False):
    return httpx2.AsyncClient(transport=GuardedTransport(upstream, allow_private=allow_private))


async def test_only_what_is_needed_is_sent():
    upstream = FakeUpstream()
    upstream.reply({"a": 1}, headers=[("set-cookie", "x=1"), ("content-type", "application/json")])

    async with client(upstream) as asking:
        answer = await asking.post(
            "https://login.example/token?a=b", data={"a": "é"}, headers={"authorization": "Basic x"}
        )

    (sent,) = upstream.sent
    assert (sent.method, sent.url, sent.body) == ("POST", "https://login.example/token?a=b", b"a=%C3%A9")
    assert sent.headers == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": "Basic x",
        "content-type": "application/x-www-form-urlencoded",
    }
    assert answer.json() == {"a": 1}
    assert "set-cookie" not in answer.headers


async def test_redirect_is_not_followed():
    upstream = FakeUpstream()
    upstream.reply(b"", status=302, headers=[("location", "https://evil.example/")])

    async with client(upstream) as asking:
        assert (await asking.get("https://login.example/")).status_code == 302
    assert len(upstream.sent) == 1


@pytest.mark.parametrize("url", ["http://login.example/", "https://user@login.example/", "https:///x"])
async def test_url_that_nobody_should_go_to_is_not_asked(url):
    upstream = FakeUpstream()

    async with client(upstream) as asking:
        with pytest.raises((Unavailable, httpx2.UnsupportedProtocol)):
            await asking.get(url)
    assert upstream.sent == []


async def test_private_addresses_are_for_who_said_so():
    seen = []

    class Watching(FakeUpstream):
        async def send(self, request):
            seen.append(request.allow_private)
            return await super().send(request)

    for allowed in (False, True):
        upstream = Watching()
        upstream.reply({})
        async with client(upstream, allow_private=allowed) as asking:
            await asking.get("https://login.example/")

    assert seen == [False, True]


async def test_failure_is_told_to_the_log_alone():
    upstream = FakeUpstream()
    upstream.fail(UpstreamUnreachable("the provider login.example cannot be reached", detail="it leads to 10.0.0.1"))
    upstream.reply(b"x" * (web.LONGEST_ANSWER + 1))

    async with client(upstream) as asking:
        for detail in ("login.example: it leads to 10.0.0.1", "login.example: the provider's answer is over"):
            with pytest.raises(Unavailable) as failed:
                await asking.get("https://login.example/")
            assert failed.value.detail.startswith(detail)
            assert "10.0.0.1" not in failed.value.message


async def test_provider_that_is_silent_is_not_waited_for(monkeypatch):
    class Silent(FakeUpstream):
        async def send(self, request):
            await asyncio.Event().wait()

    monkeypatch.setattr(web, "PATIENCE_S", 0.01)

    async with client(Silent()) as asking:
        with pytest.raises(Unavailable) as failed:
            await asking.get("https://login.example/")
    assert failed.value.detail == "login.example: it did not answer within 0.01 s"


def test_url_is_checked_before_it_is_used():
    check_url("https://login.example/a?b=c", allow_private=False)
    check_url("http://127.0.0.1:1/", allow_private=True)
    for url in ("", "login.example", "https://a@b/", "https://login.example/#x", "ftp://login.example"):
        with pytest.raises(ValueError, match="https://"):
            check_url(url, allow_private=True)
