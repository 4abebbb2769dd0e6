"""Where an issuer says its keys are."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tollbridge.errors import UpstreamError
from tollbridge.jose.discovery import find_jwks_url, metadata_urls

ISSUER = "https://idp.example/tenant"
OPENID = "https://idp.example/tenant/.well-known/openid-configuration"
OTHER = "https://idp.example/.well-known/oauth-authorization-server/tenant"
KEYS = "https://keys.example/jwks"


class Pages:
    """Documents by URL."""

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise UpstreamError("it answered 404")
        return json.dumps(self.pages[url]).encode()


@pytest.mark.parametrize(
    ("issuer", "openid", "other"),
    [
        (ISSUER, OPENID, OTHER),
        (f"{ISSUER}/", OPENID, OTHER),
        (
            "https://idp.example:8443",
            "https://idp.example:8443/.well-known/openid-configuration",
            "https://idp.example:8443/.well-known/oauth-authorization-server",
        ),
    ],
)
def test_metadata_has_two_places(issuer: str, openid: str, other: str) -> None:
    assert metadata_urls(issuer) == (openid, other)


@pytest.mark.parametrize(("place", "asked"), [(OPENID, [OPENID]), (OTHER, [OPENID, OTHER])])
async def test_either_place_names_the_keys(place: str, asked: list[str]) -> None:
    pages = Pages({place: {"issuer": ISSUER, "jwks_uri": KEYS, "more": []}})

    assert await find_jwks_url(ISSUER, pages) == KEYS
    assert pages.asked == asked


async def test_issuer_without_metadata_cannot_be_asked() -> None:
    with pytest.raises(UpstreamError, match="404"):
        await find_jwks_url(ISSUER, Pages({}))


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"issuer": f"{ISSUER}/", "jwks_uri": KEYS}, "another issuer's"),
        ({"issuer": "https://IDP.example/tenant", "jwks_uri": KEYS}, "another issuer's"),
        ({"jwks_uri": KEYS}, "another issuer's"),
        ({"issuer": [ISSUER], "jwks_uri": KEYS}, "another issuer's"),
        ({"issuer": ISSUER}, "names no jwks_uri"),
        ({"issuer": ISSUER, "jwks_uri": [KEYS]}, "names no jwks_uri"),
        ([], "no JSON object"),
    ],
)
async def test_metadata_that_is_not_this_issuers_is_not_trusted_and_no_other_is_looked_for(
    metadata: Any, sentence: str
) -> None:
    pages = Pages({OPENID: metadata, OTHER: {"issuer": ISSUER, "jwks_uri": KEYS}})

    with pytest.raises(ValueError, match=sentence):
        await find_jwks_url(ISSUER, pages)
    assert pages.asked == [OPENID]
