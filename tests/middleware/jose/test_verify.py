"""Which tokens are accepted, and why the others are not."""

import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear
from tests.support.jwts import AUDIENCE, ISSUER, KINDS, NOW, b64, claims, header, jwks, signed, signer, token

from tollbridge.jose import Issuer, KeySet, Reason, TokenRefused, read_token, verify

RULES = Issuer(ISSUER, AUDIENCE)
GOOD = token()
CLAIMS = json.dumps(claims()).encode()
HEADER = json.dumps(header()).encode()
OTHER = signer(kid="other")
MALLORY = type(OTHER)("RS256", "k1", OTHER.key)
PEM = signer().key.as_pem(private=False)


def keys(*names: str) -> KeySet:
    return KeySet.parse(jwks(*(signer(kid=name) for name in names or ("k1",))))


def verdict(shown: bytes, rules: Issuer = RULES, known: KeySet | None = None) -> str:
    """Say `accepted`, or the reason a token is refused; any other exception fails the test."""
    try:
        verify(shown, rules, known or keys(), NOW)
    except TokenRefused as exc:
        return exc.reason
    return "accepted"


def hs256(secret: bytes, **changes: Any) -> bytes:
    text = b64(header(alg="HS256", **changes)) + b"." + b64(claims())
    return text + b"." + b64(hmac.digest(secret, text, "sha256"))


def with_exp(text: bytes) -> bytes:
    return signed(HEADER, CLAIMS.replace(str(NOW + 300).encode(), text))


def swapped(part: int, text: bytes) -> bytes:
    parts = GOOD.split(b".")
    parts[part] = text
    return b".".join(parts)


VERDICTS: dict[str, tuple[bytes, str]] = {
    "as it should be": (GOOD, "accepted"),
    "aud is a list": (token(aud=["x", AUDIENCE]), "accepted"),
    "typ in full": (token(head={"typ": "application/at+jwt"}), "accepted"),
    "typ in capitals": (token(head={"typ": "AT+JWT"}), "accepted"),
    "no client_id": (token(client_id=None), "accepted"),
    "scope is a list": (token(scope=["ai:chat", "admin"]), "accepted"),
    "scope is an object": (token(scope={"admin": 1}), "accepted"),
    "other claims": (token(acr="1", nested={"a": [1.5, None]}), "accepted"),
    "no kid, one key": (token(head={"kid": None}), "accepted"),
    "jku of an attacker": (token(head={"jku": "http://evil/jwks"}), "accepted"),
    "long header": (token(head={"x5c": ["MII" + "A" * 2000]}), "accepted"),
    # who has signed
    "jku, signed by an attacker": (token(MALLORY, head={"jku": "http://evil/jwks"}), "bad_signature"),
    "x5u, signed by an attacker": (token(MALLORY, head={"x5u": "http://evil/c"}), "bad_signature"),
    "jwk of an attacker": (token(MALLORY, head={"jwk": OTHER.public()}), "bad_signature"),
    "x5c of an attacker": (token(MALLORY, head={"x5c": ["MII"]}), "bad_signature"),
    "another's key by the same name": (token(MALLORY), "bad_signature"),
    "claims changed": (swapped(1, b64(claims(sub="bob"))), "bad_signature"),
    "header changed": (swapped(0, b64(header(x=1))), "bad_signature"),
    "signature cut": (GOOD[:-4], "bad_signature"),
    "signature of nothing": (swapped(2, b64(b"\0" * 256)), "bad_signature"),
    "kid unknown": (token(OTHER), "unknown_key"),
    "kid is a path": (token(head={"kid": "../../../../dev/null"}), "unknown_key"),
    "kid is SQL": (token(head={"kid": "k1' OR '1'='1"}), "unknown_key"),
    # algorithms
    "alg none": (b64(header(alg="none")) + b"." + b64(claims()) + b".", "bad_signature"),
    "alg none with a signature": (signed(header(alg="none"), claims()), "algorithm_not_allowed"),
    "alg NoNe": (signed(header(alg="NoNe"), claims()), "algorithm_not_allowed"),
    "alg missing": (signed(header(alg=None), claims()), "algorithm_not_allowed"),
    "alg is a list": (signed(header(alg=["RS256"]), claims()), "algorithm_not_allowed"),
    "alg rs256": (signed(header(alg="rs256"), claims()), "algorithm_not_allowed"),
    "HS256 with the public key as PEM": (hs256(PEM), "algorithm_not_allowed"),
    "HS256 with the public key as JWK": (hs256(json.dumps(signer().public()).encode()), "algorithm_not_allowed"),
    "HS256 without kid": (hs256(PEM, kid=None), "algorithm_not_allowed"),
    "HS256 with an empty secret": (hs256(b""), "algorithm_not_allowed"),
    "RS512 is not allowed": (token(signer("RS512")), "algorithm_not_allowed"),
    "PS256 for a key of RS256": (signed(header(alg="PS256"), claims()), "unknown_key"),
    "ES256 for a key of RSA": (signed(header(alg="ES256"), claims()), "unknown_key"),
    # header
    "crit unknown": (token(head={"crit": ["x"], "x": 1}), "critical_extension"),
    "crit empty": (token(head={"crit": []}), "critical_extension"),
    "crit of what is known": (token(head={"crit": ["exp"], "exp": 1}), "critical_extension"),
    "b64 false": (token(head={"crit": ["b64"], "b64": False}), "critical_extension"),
    "b64 true": (token(head={"b64": True}), "critical_extension"),
    "typ of an ID token": (token(head={"typ": "JWT"}), "wrong_type"),
    "typ missing": (token(head={"typ": None}), "wrong_type"),
    "typ is a list": (token(head={"typ": ["at+jwt"]}), "wrong_type"),
    "typ twice in full": (token(head={"typ": "application/application/at+jwt"}), "wrong_type"),
    "kid is a number": (token(head={"kid": 1}), "bad_header"),
    "kid is null": (signed(HEADER.replace(b'"k1"', b"null"), claims()), "bad_header"),
    "kid is empty": (token(head={"kid": ""}), "bad_header"),
    "kid is long": (token(head={"kid": "k" * 257}), "bad_header"),
    "header is a list": (signed(b'["RS256"]', claims()), "bad_header"),
    "header is no JSON": (signed(b"{", claims()), "bad_header"),
    "header in UTF-16": (signed(HEADER.decode().encode("utf-16"), claims()), "bad_header"),
    "alg twice": (signed(b'{"alg":"none",' + HEADER[1:], claims()), "bad_header"),
    # form
    "nothing": (b"", "no_jwt"),
    "two segments": (GOOD.rpartition(b".")[0], "no_jwt"),
    "four segments": (GOOD + b".x", "no_jwt"),
    "five segments, as if encrypted": (GOOD + b".x.y", "encrypted"),
    "no header": (swapped(0, b""), "bad_header"),
    "no claims": (swapped(1, b""), "bad_claims"),
    "padding": (GOOD + b"=", "bad_signature"),
    "space before": (b" " + GOOD, "bad_header"),
    "line feed behind": (GOOD + b"\n", "bad_signature"),
    "line feed inside": (GOOD[:9] + b"\n" + GOOD[9:], "bad_header"),
    "base64 of another alphabet": (swapped(2, b"+/" + GOOD.rpartition(b".")[2][2:]), "bad_signature"),
    "a letter alone": (swapped(2, b"AAAAA"), "bad_signature"),
    "bits that mean nothing": (swapped(0, b64(b"{}")[:-1] + b"1"), "bad_header"),
    "not ASCII": (GOOD[:-1] + "é".encode(), "bad_signature"),
    "8,193 bytes": (GOOD + b"A" * (8193 - len(GOOD)), "too_long"),
    # claims
    "iss with a slash": (token(iss=f"{ISSUER}/"), "wrong_issuer"),
    "iss in capitals": (token(iss=ISSUER.upper()), "wrong_issuer"),
    "iss missing": (token(iss=None), "wrong_issuer"),
    "iss is a list": (token(iss=[ISSUER]), "wrong_issuer"),
    "aud of another": (token(aud="other"), "wrong_audience"),
    "aud is the beginning": (token(aud=f"{AUDIENCE}.evil"), "wrong_audience"),
    "aud is a part": (token(aud="gw"), "wrong_audience"),
    "aud missing": (token(aud=None), "wrong_audience"),
    "aud is empty": (token(aud=[]), "wrong_audience"),
    "aud is an object": (token(aud={AUDIENCE: 1}), "wrong_audience"),
    "aud has more than texts": (token(aud=[AUDIENCE, 1]), "wrong_audience"),
    "aud in a list in a list": (token(aud=[[AUDIENCE]]), "wrong_audience"),
    "expired this second": (token(exp=NOW), "expired"),
    "expired": (token(exp=NOW - 5), "expired"),
    "exp 0": (token(exp=0), "expired"),
    "exp missing": (token(exp=None), "bad_time"),
    "exp is a text": (token(exp=str(NOW + 300)), "bad_time"),
    "exp true": (with_exp(b"true"), "bad_time"),
    "exp null": (with_exp(b"null"), "bad_time"),
    "exp -1": (with_exp(b"-1"), "bad_time"),
    "exp with a fraction": (with_exp(b"1767614700.5"), "bad_time"),
    "exp beyond every calendar": (with_exp(b"253402300800"), "bad_time"),
    "exp of 300 digits": (with_exp(b"9" * 300), "bad_claims"),
    "exp 1e400": (with_exp(b"1e400"), "bad_claims"),
    "exp NaN": (with_exp(b"NaN"), "bad_claims"),
    "exp Infinity": (with_exp(b"Infinity"), "bad_claims"),
    "iat missing": (token(iat=None), "bad_time"),
    "iat is a text": (token(iat=str(NOW)), "bad_time"),
    "iat in the future": (token(iat=NOW + 1), "not_valid_yet"),
    "nbf in the future": (token(nbf=NOW + 300), "not_valid_yet"),
    "nbf is a text": (token(nbf="0"), "bad_time"),
    "sub missing": (token(sub=None), "bad_subject"),
    "sub is a number": (token(sub=1), "bad_subject"),
    "sub is empty": (token(sub=""), "bad_subject"),
    "sub is long": (token(sub="s" * 1025), "bad_subject"),
    "bound to a key": (token(cnf={"jkt": "x"}), "bound_to_a_key"),
    "scope twice": (signed(HEADER, CLAIMS[:-1] + b',"scope":"admin:*"}'), "bad_claims"),
    "iss twice, once escaped": (signed(HEADER, b'{"\\u0069ss":"https://evil",' + CLAIMS[1:]), "bad_claims"),
    "a name twice, deep inside": (signed(HEADER, CLAIMS[:-1] + b',"a":[{"b":1,"b":2}]}'), "bad_claims"),
    "claims are a list": (signed(HEADER, b"[1]"), "bad_claims"),
    "claims are a text": (signed(HEADER, b'"x"'), "bad_claims"),
    "claims are no UTF-8": (signed(HEADER, CLAIMS.replace(b"alice", b"\xff")), "bad_claims"),
    "half a surrogate pair": (signed(HEADER, CLAIMS.replace(b"alice", b"\\ud800")), "bad_claims"),
    "behind a byte order mark": (signed(HEADER, b"\xef\xbb\xbf" + CLAIMS), "bad_claims"),
    "nested 17 deep": (signed(HEADER, CLAIMS[:-1] + b',"a":' + b"[" * 16 + b"]" * 16 + b"}"), "bad_claims"),
    "nested 5,000 deep": (signed(HEADER, b"[" * 5000), "bad_claims"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_every_attack_has_its_verdict(name: str) -> None:
    shown, expected = VERDICTS[name]

    assert verdict(shown) == expected


@pytest.mark.parametrize("algorithm", KINDS)
def test_every_algorithm_that_is_allowed_is_verified_with_a_key_of_its_own(algorithm: str) -> None:
    by = signer(algorithm)
    rules = Issuer(ISSUER, AUDIENCE, (algorithm,))
    shown = token(by)

    assert verdict(shown, rules, KeySet.parse(jwks(by))) == "accepted"
    assert verdict(shown[:-8] + b"AAAAAAAA", rules, KeySet.parse(jwks(by))) == "bad_signature"
    assert verdict(token(signer(algorithm, "k2"), head={"kid": "k1"}), rules, KeySet.parse(jwks(by))) == "bad_signature"


@pytest.mark.parametrize("algorithm", KINDS)
def test_signature_of_the_wrong_length_is_no_signature(algorithm: str) -> None:
    by = signer(algorithm)
    text = token(by).rpartition(b".")[0]

    for size in (1, 63, 64, 65, 255, 257):
        found = verdict(text + b"." + b64(b"\1" * size), Issuer(ISSUER, AUDIENCE, (algorithm,)), KeySet.parse(jwks(by)))
        assert found == "bad_signature"


TYPES = ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+jwt", "JWT", "jwt", "application/JWT", "", None]


@pytest.mark.parametrize(
    ("typ", "accepted"),
    [
        ("at+jwt", TYPES[:4]),
        ("JWT", TYPES[4:7]),
        ("", TYPES),
    ],
)
def test_only_the_expected_type_is_accepted_so_no_id_token_passes(typ: str, accepted: list[str | None]) -> None:
    rules = Issuer(ISSUER, AUDIENCE, typ=typ)

    assert [one for one in TYPES if verdict(token(head={"typ": one}), rules) == "accepted"] == accepted


def test_leeway_holds_to_the_second_in_both_directions() -> None:
    rules = Issuer(ISSUER, AUDIENCE, leeway_s=60)

    verdicts = [verdict(token(exp=NOW - late), rules) for late in (59, 60)]
    verdicts += [verdict(token(iat=NOW + early), rules) for early in (60, 61)]
    verdicts += [verdict(token(nbf=NOW + early), rules) for early in (60, 61)]

    assert verdicts == ["accepted", "expired", "accepted", "not_valid_yet", "accepted", "not_valid_yet"]


def test_kid_is_required_where_more_than_one_key_could_fit() -> None:
    without, of_two = token(head={"kid": None}), keys("k1", "k2")

    assert verdict(without, known=of_two) == "ambiguous_key"
    assert verdict(GOOD, known=of_two) == "accepted"
    assert verdict(without, known=KeySet.parse(jwks(signer(), signer("ES256", "k2")))) == "accepted"


def test_two_keys_of_one_name_are_never_tried_in_turn() -> None:
    assert verdict(GOOD, known=KeySet.parse(jwks(signer(), MALLORY))) == "ambiguous_key"


def test_claims_come_as_they_were_signed() -> None:
    assert verify(GOOD, RULES, keys(), NOW) == claims()


def test_refusals_and_what_is_read_show_nothing_of_the_token() -> None:
    candidate = read_token(GOOD, RULES, NOW)
    with pytest.raises(TokenRefused) as caught:
        verify(VERDICTS["nested 5,000 deep"][0], RULES, keys(), NOW)

    assert "alice" not in repr(candidate)
    assert (str(caught.value), caught.value.__cause__) == ("bad_claims", None)
    assert caught.value.__suppress_context__


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_HEADERS = st.dictionaries(st.sampled_from(("alg", "typ", "kid", "crit", "b64", "jwk", "x")), _JSON | st.just("RS256"))
_CLAIMS = st.dictionaries(st.sampled_from(("iss", "aud", "sub", "exp", "iat", "nbf", "cnf", "scope")), _JSON)


@given(st.binary(max_size=200) | st.lists(st.binary(max_size=60).map(b64), max_size=5).map(b".".join))
def test_no_bytes_raise_anything_but_a_refusal(shown: bytes) -> None:
    assert verdict(shown) in set(Reason)


@given(_HEADERS, _CLAIMS)
def test_no_header_and_no_claims_raise_anything_but_a_refusal(head: dict[str, Any], body: dict[str, Any]) -> None:
    assert verdict(signed(header() | head, claims() | body)) in {*Reason, "accepted"}


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_byte_of_a_token_can_be_another(place: int, by: int) -> None:
    changed = bytearray(GOOD)
    changed[place] ^= by

    assert verdict(bytes(changed)) != "accepted"


LONG: dict[str, Callable[[int], bytes]] = {
    "dots": lambda size: b"." * size,
    "brackets": lambda size: swapped(1, b64(b'{"a":' + b"[" * size)),
    "names": lambda size: swapped(1, b64(json.dumps({str(n): n for n in range(size // 12)}).encode())),
    "digits": lambda size: swapped(1, b64(b'{"exp":' + b"9" * size + b"}")),
    "backslashes": lambda size: swapped(0, b64(b'{"alg":"' + b"\\" * size)),
    "audiences": lambda size: swapped(1, b64(claims(aud=["x"] * (size // 5)))),
    "names of a header": lambda size: swapped(0, b64(json.dumps({str(n): n for n in range(size // 12)}).encode())),
}


@pytest.mark.parametrize("shape", LONG)
def test_refusal_takes_time_in_proportion_to_the_token(shape: str) -> None:
    known = keys()

    def prepare(size: int) -> Callable[[], object]:
        shown = LONG[shape](size)
        return lambda: [verdict(shown, RULES, known) for _ in range(50)]

    assert_linear(prepare, 400)
