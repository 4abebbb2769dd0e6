"""What is wished of a client, checked."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET

from tollbridge.clients.model import AuthMethod, ClientChange, ClientRules, GrantType
from tollbridge.clients.redirects import check_redirect_uri
from tollbridge.errors import BadRequest
from tollbridge.jose.keys import KeySet

MOST_REDIRECTS = 20
ACCESS_RANGE_S = range(60, 86_401)
REFRESH_RANGE_S = range(300, 366 * 86_400)

_PROVEN = frozenset((GrantType.CLIENT_CREDENTIALS, GrantType.TOKEN_EXCHANGE))
"""Grants that go by who the client is, and so are none for whom nobody can know."""
_OF_PEOPLE = frozenset((GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE))
_LONGEST_URL = 2048
RULES = ("grants", "redirect_uris", "keys", "keys_url", "about_url", "trusted", "access_s", "refresh_s")
"""The rules that a change can name."""


def checked_rules(rules: ClientRules) -> ClientRules:
    """Give the rules of a client as they are kept; raises `BadRequest` with `param`."""
    public = rules.auth_method is AuthMethod.NONE
    _check(bool(rules.grants), "grants", "a client without a grant gets no token; name at least one")
    _check(
        not public or _PROVEN.isdisjoint(rules.grants),
        "grants",
        f"a public client proves nothing about itself, so it has none of {', '.join(sorted(_PROVEN))}",
    )
    _check(
        GrantType.REFRESH_TOKEN not in rules.grants or not _OF_PEOPLE.isdisjoint(rules.grants),
        "grants",
        "a refresh token goes on from what a person agreed to; add authorization_code or the device code's grant",
    )
    _check_redirects(rules)
    _check_keys(rules)
    _check(not rules.about_url or _is_https(rules.about_url), "about_url", "it must begin with https://")
    for name, allowed in (("access_s", ACCESS_RANGE_S), ("refresh_s", REFRESH_RANGE_S)):
        _check(getattr(rules, name) in allowed, name, f"it is {allowed.start} to {allowed.stop - 1} seconds")
    return rules


def changed_rules(rules: ClientRules, change: ClientChange) -> ClientRules:
    """Give the rules as they are after a change; raises `BadRequest` with `param`."""
    said: Mapping[str, Any] = {name: value for name in RULES if (value := getattr(change, name)) is not UNSET}
    kept = {name: getattr(rules, name) for name in RULES}
    return checked_rules(ClientRules(rules.auth_method, **{**kept, **said}))


def _check_redirects(rules: ClientRules) -> None:
    sends = GrantType.AUTHORIZATION_CODE in rules.grants
    _check(sends or not rules.redirect_uris, "redirect_uris", "only a client with authorization_code sends people back")
    _check(not sends or bool(rules.redirect_uris), "redirect_uris", "authorization_code needs at least one")
    _check(len(rules.redirect_uris) <= MOST_REDIRECTS, "redirect_uris", f"the most is {MOST_REDIRECTS}")
    _check(len(set(rules.redirect_uris)) == len(rules.redirect_uris), "redirect_uris", "one stands there twice")
    try:
        for uri in rules.redirect_uris:
            check_redirect_uri(uri, localhost=rules.auth_method is AuthMethod.NONE)
    except ValueError as exc:
        raise BadRequest(str(exc), param="redirect_uris") from exc


def _check_keys(rules: ClientRules) -> None:
    signs = rules.auth_method is AuthMethod.PRIVATE_KEY
    _check(not signs or bool(rules.keys) != bool(rules.keys_url), "keys", "give either keys or keys_url")
    _check(signs or not rules.keys, "keys", "only a client with private_key_jwt has keys")
    _check(signs or not rules.keys_url, "keys_url", "only a client with private_key_jwt has keys")
    _check(not rules.keys_url or _is_https(rules.keys_url), "keys_url", "it must begin with https://")
    if rules.keys:
        try:
            KeySet.parse(rules.keys.encode("utf-8"))
        except ValueError as exc:
            raise BadRequest(f"they are no JWKS document with a public key to sign with: {exc}", param="keys") from exc


def _is_https(url: str) -> bool:
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        return False


def _check(holds: bool, param: str, why: str) -> None:
    if not holds:
        raise BadRequest(why, param=param)
