import json

import pytest

from tollbridge.jose import ALGORITHMS
from tollbridge_signin.metadata import read_metadata

ISSUER = "https://login.example"
GOOD = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}


def read(*, allow_private=False, **changes):
    found = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return read_metadata(json.dumps(found).encode(), ISSUER, allow_private=allow_private)


def test_what_is_not_said_is_what_the_standard_says():
    found = read()

    assert (found.userinfo_endpoint, found.auth_method, found.algorithms) == ("", "client_secret_basic", ALGORITHMS)
    assert not found.names_itself


@pytest.mark.parametrize(
    ("said", "algorithms"),
    [
        (["RS256", "none", "HS256"], ("RS256",)),
        (["EdDSA", "ES256"], ("ES256", "EdDSA")),
        (["none"], ALGORITHMS),
        ("RS256", ALGORITHMS),
        ([], ALGORITHMS),
    ],
)
def test_algorithms_are_those_that_both_know(said, algorithms):
    assert read(id_token_signing_alg_values_supported=said).algorithms == algorithms


@pytest.mark.parametrize(
    ("said", "method"),
    [
        (["client_secret_basic", "client_secret_post"], "client_secret_basic"),
        (["client_secret_post", "private_key_jwt"], "client_secret_post"),
        (["private_key_jwt"], "client_secret_basic"),
        ("client_secret_post", "client_secret_basic"),
    ],
)
def test_secret_goes_into_a_header_unless_only_the_form_will_do(said, method):
    assert read(token_endpoint_auth_methods_supported=said).auth_method == method


@pytest.mark.parametrize("said", ["true", 1, None, False])
def test_provider_names_itself_only_where_it_says_so(said):
    assert not read(authorization_response_iss_parameter_supported=said).names_itself
    assert read(authorization_response_iss_parameter_supported=True).names_itself


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"issuer": ISSUER + "/"}, "another issuer's"),
        ({"issuer": None}, "another issuer's"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"token_endpoint": ""}, "names no token_endpoint"),
        ({"jwks_uri": 7}, "names no jwks_uri"),
        ({"userinfo_endpoint": ["x"]}, "names no userinfo_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "https://"),
        ({"authorization_endpoint": "http://login.example/authorize"}, "https://"),
        ({"token_endpoint": "https://user@login.example/token"}, "https://"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "https://"),
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(changes, why):
    with pytest.raises(ValueError, match=why):
        read(**changes)


def test_http_is_for_private_addresses():
    assert read(allow_private=True, token_endpoint="http://127.0.0.1:1/token").token_endpoint.startswith("http:")


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b'{"issuer":"a","issuer":"a"}'])
def test_document_that_is_no_object_is_refused(document):
    with pytest.raises(ValueError):  # the words are the parser's
        read_metadata(document, ISSUER, allow_private=False)
