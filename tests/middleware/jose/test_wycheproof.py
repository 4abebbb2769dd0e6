"""The vectors of Wycheproof, each with its exact verdict (T11).  `wycheproof.json` says where they are from."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tollbridge.jose import Issuer, KeySet, Reason, TokenRefused, read_compact, strict_object, verify
from tollbridge.jose.compact import decode_base64url
from tollbridge.jose.policy import KEY_TYPES

GROUPS = json.loads(Path(__file__).with_name("wycheproof.json").read_text())["groups"]
RULES = Issuer("https://idp.example", "https://gw.example", tuple(KEY_TYPES))
STRICTER = {
    ("signature", 346): "the key says PS256 and the token PS384",
    ("signature", 350): "the same",
    ("signature", 347): "the key says ES521, which is no algorithm (RFC 7518 section 3.4 has ES512)",
    ("signature", 351): "the same",
    ("signature", 372): "its header holds a sign that is none of base64url",
}
"""Valid there and refused here, with the reason; but for these, only symmetric keys are."""


def decoded(segment: bytes) -> bytes | None:
    try:
        return decode_base64url(segment)
    except ValueError:
        return None


def verdict(token: bytes, keys: list[Any]) -> str:
    """Say `accepted` or why not: as `verify` does, but for the claims, since these vectors sign what is no JSON."""
    try:
        read_compact(token)
    except TokenRefused as exc:
        if exc.reason is not Reason.BAD_CLAIMS:
            return exc.reason
    head, claims, signature = token.split(b".")
    header, shown = strict_object(decode_base64url(head)), decoded(signature)
    algorithm = header.get("alg")
    if shown is None:
        return Reason.SIGNATURE
    if algorithm not in KEY_TYPES:
        return Reason.ALGORITHM
    try:
        key = KeySet.parse(json.dumps({"keys": keys}).encode()).find(algorithm, header.get("kid"))
    except TokenRefused as exc:
        return exc.reason
    except ValueError:
        return "no_usable_key"
    if key is None:
        return Reason.UNKNOWN_KEY
    return "accepted" if key.verifies(algorithm, head + b"." + claims, shown) else Reason.SIGNATURE


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group['file']}-{group['vectors'][0][0]}")
def test_every_vector_has_its_verdict(group: dict[str, Any]) -> None:
    found = {number: verdict(token.encode(), group["keys"]) for number, _, _, token in group["vectors"]}

    assert found == {number: ours for number, _, ours, _ in group["vectors"]}


def test_nothing_that_is_invalid_is_accepted_and_what_is_valid_is_but_for_the_exceptions() -> None:
    vectors = [(group["file"], *vector[:3]) for group in GROUPS for vector in group["vectors"]]

    assert [one for one in vectors if one[2] == "invalid" and one[3] == "accepted"] == []
    refused = {
        (file, number): ours for file, number, theirs, ours in vectors if theirs == "valid" and ours != "accepted"
    }
    assert {one for one, ours in refused.items() if ours != Reason.ALGORITHM} == set(STRICTER)
    assert Counter(theirs for _, _, theirs, _ in vectors) == {"valid": 51, "invalid": 376}


def test_no_vector_raises_anything_but_a_refusal() -> None:
    known = KeySet.parse(json.dumps({"keys": [key for group in GROUPS for key in group["keys"]][:100]}).encode())

    for group in GROUPS:
        for _, _, _, token in group["vectors"]:
            with pytest.raises(TokenRefused):
                verify(token.encode(), RULES, known, 0.0)
