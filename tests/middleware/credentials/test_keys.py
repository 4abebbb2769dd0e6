"""Public keys that callers sign with."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc.jwk import OctKey, OKPKey, RSAKey

from tollbridge.credentials.keys import ALGORITHMS, make_pair, public_key, read_public, thumbprint

PRIVATE = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ecdsa-p256-sha256": ec.generate_private_key(ec.SECP256R1()),
    "rsa-pss-sha512": rsa.generate_private_key(65_537, 2048),
}


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_key_made_here_has_the_public_half_that_is_kept(algorithm) -> None:
    public, private = make_pair(algorithm)

    assert private.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "d" not in json.loads(public)
    assert read_public(public, algorithm) == public
    assert make_pair(algorithm)[0] != public


@pytest.mark.parametrize(("algorithm", "key"), PRIVATE.items())
def test_key_of_the_caller_is_read_from_pem_and_from_a_jwk_alike(algorithm, key) -> None:
    public = read_public(f"\n{pem(key)}\n", algorithm)

    assert read_public(json.dumps({**json.loads(public), "kid": "mine", "use": "sig"}), algorithm) == public
    assert public_key(public, algorithm) == key.public_key()
    assert len(thumbprint(public, algorithm)) == 43


def test_thumbprint_is_that_of_the_rfc() -> None:
    # RFC 8037 appendix A.3
    jwk = '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'

    assert thumbprint(jwk, "ed25519") == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        *((other, pem(key)) for name, key in PRIVATE.items() for other in ALGORITHMS if other != name),
        ("ecdsa-p256-sha256", pem(ec.generate_private_key(ec.SECP384R1()))),
        ("rsa-pss-sha512", pem(rsa.generate_private_key(65_537, 1024))),
        pytest.param("ed25519", json.dumps(OctKey.generate_key(256).as_dict(private=False)), id="a shared key"),
        pytest.param("ed25519", json.dumps(OKPKey.generate_key("X25519").as_dict(private=False)), id="of X25519"),
        ("ed25519", '{"kty": "OKP", "crv": "Ed25519", "x": "AA"}'),
        ("ed25519", '{"kty": "OKP", "kty": "OKP"}'),
        ("ed25519", "[]"),
        ("ed25519", "{"),
        ("ed25519", ""),
        ("ed25519", "\ud800"),
        ("ed25519", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        ("rsa-pss-sha512", '{"kty": "RSA", "n": 5, "e": "AQAB"}'),
    ],
)
def test_what_is_no_key_for_the_algorithm_is_refused_in_a_sentence(algorithm, text) -> None:
    with pytest.raises(ValueError, match=f"^it is a public key for {algorithm}: a PEM text"):
        read_public(text, algorithm)


@pytest.mark.parametrize(
    "text",
    [
        PRIVATE["ed25519"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        json.dumps(RSAKey.generate_key(2048).as_dict(private=True)),
    ],
)
def test_private_key_is_refused_and_told_to_be_kept(text) -> None:
    with pytest.raises(ValueError, match="keep that to yourself") as caught:
        read_public(text, "ed25519")
    assert text[30:60] not in str(caught.value)


def test_text_as_long_as_a_book_is_not_read() -> None:
    with pytest.raises(ValueError, match="more than 8192 characters"):
        read_public("x" * 8193, "ed25519")
