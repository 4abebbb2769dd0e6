"""Asking a provider whether it takes a key."""

from typing import Any

import pytest
from tests.support.keyed import OLD_KEY, KeyedUpstream

from tollbridge.auth import Bearer
from tollbridge.errors import UpstreamError, UpstreamTimeout
from tollbridge.hosts import Host
from tollbridge.plugins import Plugins
from tollbridge.providerkeys.checking import Result, check_host, list_url, look_at_host
from tollbridge.providers import Provider
from tollbridge.signing import Signing

DIALECTS = Plugins().register_all().dialects.values()


def host(key: str = "", signing: Any = None, **urls: str) -> Host:
    base_urls = {name.replace("_", "-"): url for name, url in urls.items()} or {
        "openai-chat": "https://mock.example/v1"
    }
    shown = tuple(Bearer().headers(key)) if key else ()
    return Host(Provider("mock", base_urls=base_urls), base_urls, shown, False, signing)


@pytest.mark.parametrize(
    ("urls", "url"),
    [
        ({"openai_chat": "https://a.example/v1"}, "https://a.example/v1/models"),
        ({"openai_responses": "https://a.example/v1"}, ""),
        ({"cohere_v2": "https://a.example/v2", "openai_chat": "https://a.example/v1"}, "https://a.example/v1/models"),
        ({"anthropic_messages": "https://a.example/v1"}, "https://a.example/v1/models"),
        ({"gemini_generate_content": "https://a.example/v1beta"}, "https://a.example/v1beta/models"),
        ({"mistral_chat": "https://a.example/v1"}, "https://a.example/v1/models"),
        ({"openai_chat": "https://a.example/{model}?api-version=1"}, ""),
        ({"openai_chat": "https://a.example/v1?api-version=1"}, "https://a.example/v1/models?api-version=1"),
        ({"bedrock_converse": "https://a.example"}, ""),
        ({"no_dialect": "https://a.example"}, ""),
    ],
)
def test_list_of_models_is_where_the_dialect_has_it_or_nowhere(urls, url) -> None:
    assert list_url(host(**urls), DIALECTS) == url


async def test_key_that_is_taken_where_none_is_not_is_ok() -> None:
    upstream = KeyedUpstream(OLD_KEY)

    found = await check_host(host(OLD_KEY), host(), DIALECTS, upstream)

    assert (found.result, found.status) == (Result.OK, 200)
    assert upstream.shown == [OLD_KEY, ""]


@pytest.mark.parametrize("status", [401, 403])
async def test_key_that_is_refused_is_told_by_its_status(status) -> None:
    found = await check_host(host(OLD_KEY), host(), DIALECTS, KeyedUpstream(status=status))

    assert (found.result, found.status) == (Result.REFUSED, status)


@pytest.mark.parametrize("status", [302, 404, 429, 500])
async def test_any_other_answer_says_nothing(status) -> None:
    found = await check_host(host(OLD_KEY), host(), DIALECTS, KeyedUpstream(status=status))

    assert (found.result, found.status) == (Result.UNKNOWN, status)


async def test_host_that_lists_its_models_to_anybody_says_nothing() -> None:
    upstream = KeyedUpstream()
    upstream.anybody = {"https://mock.example/v1/models"}

    found = await check_host(host(OLD_KEY), host(), DIALECTS, upstream)

    assert (found.result, "to anybody" in found.detail) == (Result.UNKNOWN, True)


async def test_host_without_a_list_is_not_asked() -> None:
    upstream = KeyedUpstream()

    found = await check_host(host(OLD_KEY, bedrock_converse="https://a.example"), host(), DIALECTS, upstream)

    assert (found.result, found.status, upstream.sent) == (Result.UNKNOWN, 0, [])


@pytest.mark.parametrize("at", [0, 1])
async def test_host_that_does_not_answer_is_unreachable(at) -> None:
    upstream = KeyedUpstream(OLD_KEY)
    for _ in range(at):
        upstream.reply({})
    upstream.fail(UpstreamTimeout("it did not answer in time"))

    found = await check_host(host(OLD_KEY), host(), DIALECTS, upstream)

    assert (found.result, found.detail) == (Result.UNREACHABLE, "it did not answer in time")


class Signs:
    """A scheme that signs with a good key and gives nothing for another."""

    env = ("KEY",)

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []

    async def sign(self, key: str, request: Any) -> list[tuple[bytes, bytes]]:
        if key != OLD_KEY:
            raise UpstreamError("no token was given")
        return [(b"authorization", b"Bearer " + key.encode())]


async def test_signed_request_is_checked_like_any_and_a_key_that_gives_no_credential_is_refused() -> None:
    upstream = KeyedUpstream(OLD_KEY)

    good = await check_host(host(signing=Signing("mock", Signs(), OLD_KEY, 1.0)), host(), DIALECTS, upstream)
    bad = await check_host(host(signing=Signing("mock", Signs(), "other", 1.0)), host(), DIALECTS, upstream)

    assert (good.result, bad.result, bad.status) == (Result.OK, Result.REFUSED, 0)


async def test_models_of_a_success_are_read_where_they_are_wanted() -> None:
    upstream = KeyedUpstream(OLD_KEY)
    upstream.reply(body=b'{"data": [{"id": "small"}]}')
    looked = await look_at_host(host(OLD_KEY), host(), DIALECTS, upstream, most=1000)

    assert (looked.checked.result, looked.models) == (Result.OK, ("small",))


async def test_host_that_is_shown_no_key_is_asked_once() -> None:
    upstream = KeyedUpstream("")

    looked = await look_at_host(host(), None, DIALECTS, upstream, most=1000)

    assert (looked.checked.result, looked.checked.detail) == (Result.OK, "the provider answers; no key was shown to it")
    assert upstream.shown == [""]


async def test_list_that_is_longer_than_it_may_be_is_no_answer() -> None:
    upstream = KeyedUpstream(OLD_KEY)
    upstream.reply(body=b'{"data": [{"id": "small"}]}')

    looked = await look_at_host(host(OLD_KEY), host(), DIALECTS, upstream, most=10)

    assert (looked.checked.result, looked.models) == (Result.UNREACHABLE, ())
