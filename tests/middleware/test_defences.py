"""What may stand in the sections about bad and lost credentials."""

import pytest

from tollbridge.defences import LEAK_ACTIONS, LeakedConfig, ThrottleConfig

KEYS = "https://api.example.com/meta/public_keys/secret_scanning"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bad_tokens": 0}, "bad_tokens must be at least 1"),
        ({"bad_sign_ins": 0}, "bad_sign_ins must be at least 1"),
        ({"longest_s": 0.0}, "longest_s must be at least 1"),
        ({"spared": ("proxy.example",)}, "'proxy.example', which is no address or network"),
    ],
)
def test_throttle_that_cannot_be_is_refused_by_name(options, said) -> None:
    with pytest.raises(ValueError, match=said):
        ThrottleConfig(**options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"action": "delete"}, "'delete' must be one of 'disable', 'revoke', 'tell'"),
        ({"keys_url": "http://127.0.0.1/keys"}, "keys_url must begin with https://"),
        ({"keys_url": "file:///keys", "allow_private": True}, "or http:// where allow_private is true"),
    ],
)
def test_what_cannot_be_done_about_leaks_is_refused_by_name(options, said) -> None:
    with pytest.raises(ValueError, match=said):
        LeakedConfig(**options)


def test_what_can_be_is_taken() -> None:
    assert [LeakedConfig(action=action).action for action in LEAK_ACTIONS] == ["disable", "revoke", "tell"]
    assert LeakedConfig(keys_url=KEYS).keys_url == KEYS
    assert LeakedConfig(keys_url="http://127.0.0.1/keys", allow_private=True).allow_private
    assert ThrottleConfig(spared=("10.0.0.0/8", "2001:db8::/32", "::1")).enabled
