"""Which headers cross the bridge."""

import pytest

from tollbridge.auth import Bearer, Header
from tollbridge.layers.headers import answer_headers, upstream_headers
from tollbridge.providers import Provider, Target

TARGET = Target(Provider("p", base_url="https://h/v1"), "m", tuple(Bearer().headers("sk-ours")))
OURS = [(b"accept-encoding", b"identity"), (b"authorization", b"Bearer sk-ours")]

BETA = [
    (b"openai-beta", b"assistants=v2"),
    (b"anthropic-version", b"2023-06-01"),
    (b"anthropic-beta", b"a-2025,b-2026"),
    (b"anthropic-beta", b"c"),
    (b"x-stainless-lang", b"python"),
    (b"idempotency-key", b"k"),
    (b"content-type", b"application/json; charset=utf-8"),
    (b"user-agent", b"OpenAI/Python"),
    (b"x-unknown", b"\xff"),
]
HOPS = [
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
]
CALLERS = [
    *("host", "content-length", "authorization", "x-api-key", "x-goog-api-key", "cookie", "accept-encoding"),
    *("api-key", "x-goog-user-project", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"),
    *("expect", "forwarded", "via", "x-real-ip", "openai-organization", "openai-project", "origin", "referer"),
    *("x-forwarded-for", "x-forwarded-proto", "x-tollbridge-anything", "cf-connecting-ip", "sec-fetch-mode"),
    *("x-portkey-custom-host", "x-portkey-config", "helicone-target-url", "helicone-openai-api-base"),
]
ACCOUNTS = [
    *("content-length", "set-cookie", "server", "date", "alt-svc", "strict-transport-security", "www-authenticate"),
    *("openai-organization", "openai-project", "anthropic-organization-id"),
    *("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"),
    *("clear-site-data", "nel", "report-to", "reporting-endpoints"),
    *("x-ratelimit-remaining-tokens", "anthropic-ratelimit-requests-limit", "ratelimit", "ratelimit-policy"),
    *("cf-ray", "x-tollbridge-cost-usd"),
]


def test_beta_and_unknown_headers_reach_the_provider_unchanged_and_in_order() -> None:
    assert upstream_headers(BETA, TARGET) == [*BETA, *OURS]


@pytest.mark.parametrize("name", [*HOPS, *CALLERS])
def test_header_of_the_hop_the_caller_or_its_network_does_not_reach_the_provider(name) -> None:
    assert upstream_headers([(name.encode(), b"tb_secret")], TARGET) == OURS


def test_header_that_carries_our_credential_replaces_the_callers_of_that_name() -> None:
    target = Target(TARGET.provider, "m", tuple(Header("X-Subscription").headers("ours")))

    assert upstream_headers([(b"x-subscription", b"theirs"), (b"a", b"1")], target) == [
        (b"a", b"1"),
        (b"accept-encoding", b"identity"),
        (b"x-subscription", b"ours"),
    ]


@pytest.mark.parametrize("name", [*HOPS, *ACCOUNTS])
def test_header_of_the_hop_or_of_our_account_does_not_reach_the_caller(name) -> None:
    assert answer_headers([(name.encode(), b"x")]) == []


def test_the_providers_other_headers_reach_the_caller_unchanged_and_in_order() -> None:
    kept = [(b"content-type", b"application/json"), (b"openai-processing-ms", b"7"), (b"retry-after", b"3")]

    assert answer_headers(kept) == kept


@pytest.mark.parametrize("name", [b"x-request-id", b"request-id"])
def test_the_providers_request_id_gets_a_name_of_its_own(name) -> None:
    assert answer_headers([(name, b"up_1")]) == [(b"x-tollbridge-upstream-request-id", b"up_1")]


async def test_headers_cross_a_whole_gateway_as_these_rules_say(mock) -> None:
    gw = mock()
    gw.upstream.reply(
        b'{"id":"1","choices":[]}', headers=[("x-request-id", "up_1"), ("openai-organization", "acme"), ("x-kept", "1")]
    )

    reply = await gw.chat("gpt-4o-mini", token=None)
    await gw.request(
        "POST",
        "/v1/chat/completions",
        json={"model": "small", "messages": []},
        headers={"openai-beta": "b", "x-forwarded-for": "203.0.113.9", "cookie": "a=1", "x-tollbridge-team": "x"},
    )

    assert reply.headers["x-kept"] == "1"
    assert "openai-organization" not in reply.headers
    assert gw.sent[1].headers["openai-beta"] == "b"
    assert gw.sent[1].headers["authorization"] == "Bearer sk-upstream-secret"
    assert not {"x-forwarded-for", "cookie", "x-tollbridge-team"} & gw.sent[1].headers.keys()
