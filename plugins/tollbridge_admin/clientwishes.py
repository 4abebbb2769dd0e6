"""What is wished of a client, in the words of the core."""

import json
from typing import Any

from msgspec import UNSET, UnsetType

from tollbridge.administering import Client, ClientChange, ClientRules
from tollbridge_admin.clientshapes import ClientPatch, NewClientWish
from tollbridge_admin.tokenshapes import NewTokenWish, TokenPatch
from tollbridge_admin.wishes import change_of, new_token

_TOKEN = tuple(name for name in NewTokenWish.__struct_fields__ if name in NewClientWish.__struct_fields__)
_PATCH = tuple(name for name in TokenPatch.__struct_fields__ if name in ClientPatch.__struct_fields__)
_WITHOUT_RIGHTS = frozenset(("name", "tags", "metadata", "about_url"))
_AGREED = ("scopes", "grants", "redirect_uris")


def new_rules(wish: NewClientWish) -> ClientRules:
    """Give the rules of a client to be made."""
    return ClientRules(
        wish.auth_method,
        tuple(dict.fromkeys(wish.grants)),
        redirect_uris=tuple(wish.redirect_uris),
        keys=_written(wish.keys),
        keys_url=wish.keys_url,
        about_url=wish.about_url,
        trusted=wish.trusted,
        access_s=wish.access_s,
        refresh_s=wish.refresh_s,
    )


def new_client(wish: NewClientWish) -> dict[str, Any]:
    """Give what the token of a client is made with; raises `FieldsRefused`."""
    options = new_token(NewTokenWish(**{name: getattr(wish, name) for name in _TOKEN}))
    return {name: value for name, value in options.items() if name != "canary"}


def change_to(client: Client, patch: ClientPatch) -> ClientChange:
    """Give the change that a patch makes of a client as it is; raises `FieldsRefused`."""
    token = TokenPatch(**{name: getattr(patch, name) for name in _PATCH})
    uris, keys = patch.redirect_uris, patch.keys
    return ClientChange(
        token=change_of(client.token, token),
        grants=patch.grants if patch.grants is UNSET else tuple(dict.fromkeys(patch.grants)),
        redirect_uris=uris if uris is UNSET else tuple(uris or ()),
        keys=keys if keys is UNSET else _written(keys),
        keys_url=_text(patch.keys_url),
        about_url=_text(patch.about_url),
        trusted=patch.trusted,
        access_s=patch.access_s,
        refresh_s=patch.refresh_s,
    )


def touches_rights(patch: ClientPatch) -> bool:
    """Whether a patch may widen what a client may do, or let others pass for it."""
    return any(getattr(patch, name) is not UNSET for name in patch.__struct_fields__ if name not in _WITHOUT_RIGHTS)


def needs_trust(rules: ClientRules, patch: ClientPatch) -> bool:
    """Whether a patch makes a client trusted, or leaves it so while it changes what people say yes to, or to whom."""
    agreed = any(getattr(patch, name) is not UNSET for name in _AGREED)
    return patch.trusted is True or (patch.trusted is UNSET and rules.trusted and agreed)


def _text(said: str | UnsetType | None) -> str | UnsetType:
    return "" if said is None else said


def _written(keys: dict[str, Any] | None) -> str:
    return "" if keys is None else json.dumps(keys)
