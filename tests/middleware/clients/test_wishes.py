"""What is wished of a client, checked."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.jwts import jwks, signer

from tollbridge.clients.model import AuthMethod, ClientChange, ClientRules, GrantType
from tollbridge.clients.wishes import MOST_REDIRECTS, changed_rules, checked_rules
from tollbridge.errors import BadRequest

CODE = ClientRules(AuthMethod.BASIC, (GrantType.AUTHORIZATION_CODE,), ("https://app.example/done",))
OWN = ClientRules(AuthMethod.BASIC, (GrantType.CLIENT_CREDENTIALS,))
KEYS = jwks(signer("ES256")).decode()
SIGNING = ClientRules(AuthMethod.PRIVATE_KEY, (GrantType.CLIENT_CREDENTIALS,), keys=KEYS)


@pytest.mark.parametrize(
    "rules",
    [
        CODE,
        OWN,
        SIGNING,
        replace(SIGNING, keys="", keys_url="https://client.example/keys"),
        replace(CODE, auth_method=AuthMethod.NONE),
        replace(CODE, auth_method=AuthMethod.NONE, redirect_uris=("http://localhost/callback",)),
        replace(CODE, grants=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)),
        replace(OWN, auth_method=AuthMethod.NONE, grants=(GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)),
        replace(CODE, about_url="https://app.example/about", access_s=60, refresh_s=300, trusted=True),
    ],
)
def test_rules_that_fit_together_are_taken_as_they_are(rules: ClientRules) -> None:
    assert checked_rules(rules) is rules


@pytest.mark.parametrize(
    ("param", "rules"),
    [
        ("grants", replace(OWN, grants=())),
        ("grants", replace(OWN, auth_method=AuthMethod.NONE)),
        ("grants", replace(OWN, auth_method=AuthMethod.NONE, grants=(GrantType.TOKEN_EXCHANGE,))),
        ("grants", replace(OWN, grants=(GrantType.CLIENT_CREDENTIALS, GrantType.REFRESH_TOKEN))),
        ("redirect_uris", replace(CODE, redirect_uris=())),
        ("redirect_uris", replace(OWN, redirect_uris=CODE.redirect_uris)),
        ("redirect_uris", replace(CODE, redirect_uris=CODE.redirect_uris * 2)),
        ("redirect_uris", replace(CODE, redirect_uris=("http://app.example/done",))),
        ("redirect_uris", replace(CODE, redirect_uris=("http://localhost/callback",))),
        ("redirect_uris", replace(CODE, redirect_uris=tuple(f"https://a/{n}" for n in range(MOST_REDIRECTS + 1)))),
        ("keys", replace(SIGNING, keys="")),
        ("keys", replace(SIGNING, keys_url="https://client.example/keys")),
        ("keys", replace(SIGNING, keys='{"keys":[]}')),
        ("keys", replace(SIGNING, keys="nonsense")),
        ("keys", replace(OWN, keys=KEYS)),
        ("keys_url", replace(OWN, keys_url="https://client.example/keys")),
        *(
            ("keys_url", replace(SIGNING, keys="", keys_url=url))
            for url in ("http://x", "https://", "https://a@b", "https://a#b", "https://[", "https://é", "https://a b")
        ),
        ("keys_url", replace(SIGNING, keys="", keys_url="https://a/" + "x" * 2048)),
        ("about_url", replace(OWN, about_url="javascript:alert(1)")),
        ("access_s", replace(OWN, access_s=59)),
        ("access_s", replace(OWN, access_s=86_401)),
        ("refresh_s", replace(OWN, refresh_s=299)),
        ("refresh_s", replace(OWN, refresh_s=366 * 86_400)),
    ],
)
def test_rules_that_do_not_are_refused_by_name(param: str, rules: ClientRules) -> None:
    with pytest.raises(BadRequest) as refused:
        checked_rules(rules)

    assert refused.value.param == param


def test_change_is_put_over_what_was_there_and_checked_with_it() -> None:
    changes: dict[str, Any] = {"trusted": True, "access_s": 120, "redirect_uris": ("https://app.example/b",)}

    assert changed_rules(CODE, ClientChange(**changes)) == replace(CODE, **changes)
    assert changed_rules(CODE, ClientChange()) == CODE
    with pytest.raises(BadRequest) as refused:
        changed_rules(CODE, ClientChange(grants=(GrantType.CLIENT_CREDENTIALS,)))
    assert refused.value.param == "redirect_uris"
