"""Verification with keys that are fetched."""

import asyncio

import pytest
from tests.support.jwts import AUDIENCE, ISSUER, claims, header, jwks, signed, signer, token

from tollbridge.jose import Issuer, IssuerKeys, TokenRefused, Verifier
from tollbridge.testing import FixedClock


class Server:
    """An issuer's server."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, url: str) -> bytes:
        self.asked += 1
        return jwks(signer())


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def verifier(server: Server) -> Verifier:
    clock = FixedClock()
    return Verifier(Issuer(ISSUER, AUDIENCE), IssuerKeys(ISSUER, server, clock, url="https://idp.example/jwks"), clock)


async def test_claims_of_a_good_token_are_given_and_another_is_refused(verifier) -> None:
    assert await verifier.verify(token()) == claims()
    for shown, reason in ((token(signer(kid="k2")), "unknown_key"), (token(exp=1), "expired")):
        with pytest.raises(TokenRefused, match=reason):
            await verifier.verify(shown)
    await verifier.close()


async def test_only_a_token_that_says_all_else_rightly_causes_a_fetch(verifier, server) -> None:
    wrong = (
        token(exp=1),
        token(aud="x"),
        token(iss="x"),
        token(head={"typ": "JWT"}),
        token(head={"alg": "none"}),
        b"x",
    )

    for shown in wrong:
        with pytest.raises(TokenRefused):
            await verifier.verify(shown)
    before = server.asked
    await verifier.verify(token())

    assert (before, server.asked) == (0, 1)


async def test_tokens_that_share_their_first_two_hundred_characters_are_two_callers(verifier) -> None:
    alice, bob = (signed(header(), {"pad": "x" * 400, **claims(sub=name)}) for name in ("alice", "bob"))
    shared = next(place for place in range(len(alice)) if alice[place] != bob[place])

    found = await asyncio.gather(*(verifier.verify(shown) for shown in (alice, bob) * 50))

    assert shared > 200
    assert [one["sub"] for one in found] == ["alice", "bob"] * 50


async def test_tokens_for_somebody_else_are_verified_with_the_same_keys(verifier, server) -> None:
    other = verifier.meant_for("https://gw.example/v1/mcp/pets")

    assert await other.verify(token(aud=["https://gw.example/v1/mcp/pets"])) != {}
    for shown in (token(), token(aud="https://gw.example/v1/mcp")):
        with pytest.raises(TokenRefused, match="wrong_audience"):
            await other.verify(shown)
    await verifier.verify(token())
    assert server.asked == 1
