"""The examples that RFC 9421 prints: what its authors signed verifies here, and nothing else does."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import HTTPMessageSignaturesException, MappingKeyResolver

from tollbridge_signed.checking import ALGORITHMS, Verifier, body_check
from tollbridge_signed.messages import Fields, Message

# RFC 9421 appendix B.1, test-key-rsa-pss, test-key-ed25519 and test-shared-secret
RSA_PSS = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----"""
ED25519 = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----"""
SHARED = base64.b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
KEYS = {"rsa-pss-sha512": load_pem_public_key(RSA_PSS), "ed25519": load_pem_public_key(ED25519), "hmac-sha256": SHARED}

# RFC 9421 appendix B.2
BODY = b'{"hello": "world"}'
HEADERS = [
    (b"host", b"example.com"),
    (b"date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
    (b"content-type", b"application/json"),
    (
        b"content-digest",
        b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    ),
    (b"content-length", b"18"),
]
EVERY = '"date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length"'
CREATED = ";created=1618884473;keyid="
EXAMPLES = {
    "B.2.1": (
        "rsa-pss-sha512",
        f'(){CREATED}"test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7"
        "ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZ"
        "sfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5N"
        "yt8C8ssinQ98Xw9Q==",
    ),
    "B.2.2": (
        "rsa-pss-sha512",
        f'("@authority" "content-digest"){CREATED}"test-key-rsa-pss"',
        "Fee1uy9YGZq5UUwwYU6vz4dZNvfw3GYrFl1L6YlVIyUMuWswWDNSvql4dVtSeidYjYZUm7SBCENIb5KYy2ByoC3bI+7gydd2i4OAT5lyDtmeap"
        "nAa8uP/b9xUpg+VSPElbBs6JWBIQsd+nMdHDe+ls/IwVMwXktC37SqsnbNyhNp6kcvcWpevjzFcD2VqdZleUz4jN7P+W5A3wHiMGfIjIWn36K"
        "XNB+RKyrlGnIS8yaBBrom5rcZWLrLbtg6VlrH1+/07RV+kgTh/l10h8qgpl9zQHu7mWbDKTq0tJ8K4ywcPoC4s2I4rU88jzDKDGdTTQFZoTVZ"
        "xZmuTM1FvHfzIw==",
    ),
    "B.2.3": (
        "rsa-pss-sha512",
        f'({EVERY}){CREATED}"test-key-rsa-pss"',
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0"
        "fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1x"
        "My7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fT"
        "IztsDZKEgM4cUA==",
    ),
    "B.2.5": (
        "hmac-sha256",
        f'("date" "@authority" "content-type"){CREATED}"test-shared-secret"',
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    "B.2.6": (
        "ed25519",
        f'("date" "@method" "@path" "@authority" "content-type" "content-length"){CREATED}"test-key-ed25519"',
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
}


def example(name: str, *, said: str = "", headers: list[tuple[bytes, bytes]] = HEADERS) -> Message:
    """Give the request of an example with its signature."""
    _, own, signature = EXAMPLES[name]
    signed = [(b"signature-input", f"sig={said or own}".encode()), (b"signature", f"sig=:{signature}:".encode())]
    return Message("POST", "https://example.com/foo?param=Value&Pet=dog", Fields([*headers, *signed]))


def verify(name: str, message: Message) -> None:
    algorithm = EXAMPLES[name][0]
    keyid = EXAMPLES[name][1].partition('keyid="')[2].partition('"')[0]
    keys = MappingKeyResolver(public_keys={keyid: KEYS[algorithm]}, private_keys={})
    Verifier(signature_algorithm=ALGORITHMS[algorithm], key_resolver=keys).verify(message, max_age=None)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_authors_of_the_rfc_signed_verifies(name) -> None:
    verify(name, example(name))


@pytest.mark.parametrize("name", EXAMPLES)
def test_parameters_of_their_signatures_cannot_be_others(name) -> None:
    said = EXAMPLES[name][1].replace("1618884473", "1618884474")

    with pytest.raises(HTTPMessageSignaturesException):
        verify(name, example(name, said=said))


@pytest.mark.parametrize("name", ["B.2.3", "B.2.6"])
@pytest.mark.parametrize(
    "part",
    [{"method": "PUT"}, {"url": "https://example.com/foo2?param=Value&Pet=dog"}, {"url": "https://example.org/foo"}],
)
def test_requests_they_signed_cannot_be_others(name, part) -> None:
    with pytest.raises(HTTPMessageSignaturesException):
        verify(name, replace(example(name), **part))


@pytest.mark.parametrize("changed", range(1, len(HEADERS)))
def test_headers_they_signed_cannot_be_others(changed) -> None:
    headers = [(name, value + b"0" * (place == changed)) for place, (name, value) in enumerate(HEADERS)]

    with pytest.raises(HTTPMessageSignaturesException):
        verify("B.2.3", example("B.2.3", headers=headers))


def test_body_they_signed_has_the_digest_they_print() -> None:
    check = body_check(Fields(HEADERS))

    check(BODY)
    with pytest.raises(Exception, match="is not signed as it must be"):
        check(BODY + b"\n")


@pytest.mark.parametrize(
    ("digest", "body"),
    [
        # RFC 9530 appendix B.1 and B.2
        (b"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", b'{"hello": "world"}\n'),
        (b"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b""),
    ],
)
def test_digests_of_the_rfc_hold_for_their_bodies_alone(digest, body) -> None:
    check = body_check(Fields([(b"content-digest", digest)]))

    check(body)
    with pytest.raises(Exception, match="is not signed as it must be"):
        check(body + b" ")
