"""Tokens of another system, as the API says them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tollbridge_admin.tokenshapes import NewTokenWish, Wish

MOST = 200
"""Tokens of one request: they are written in one transaction, which other changes of tokens wait for."""
_HASH = {
    "pattern": "^(sha256|hmac:[A-Za-z0-9][A-Za-z0-9._-]{0,63}):[0-9A-Fa-f]{64}$",
    "examples": ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
}
Hash = Annotated[
    str, Meta(min_length=1, max_length=150, description="What the other system kept.", extra_json_schema=_HASH)
]


class ImportWish(NewTokenWish, frozen=True, kw_only=True):
    """A token to be made whose secret another system made."""

    hash: Hash


class ImportsWish(Wish, frozen=True):
    """Tokens to be imported, all of them or none."""

    tokens: Annotated[list[ImportWish], Meta(min_length=1, max_length=MOST)]


class ImportsShown(msgspec.Struct, frozen=True):
    """The id of each, in the order they were named; null for one whose secret was known before: that stays."""

    ids: Sequence[str | None]
