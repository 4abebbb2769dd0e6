"""What a signature must cover and say, and what a caller is told whose signature will not do."""

import secrets

from tollbridge import Unauthenticated
from tollbridge_signed.refusing import refused

TAG = "tollbridge"
"""The `tag` of signatures that are for us; those of others are let be."""
ALWAYS = ("@method", "@target-uri")
WITH_BODY = ("content-type", "content-digest")
"""Headers that a signature covers where they are there; a body that is not empty has a digest."""

_SAID = (
    "this request is not signed as it must be, or was sent before: sign it anew (RFC 9421), with the key's id as keyid "
    "and a nonce of its own, and all that accept-signature names; a body has content-type and content-digest"
)


def unsigned(why: str) -> Unauthenticated:
    """Refuse in the same words whatever is wrong, and say what is to be signed (RFC 9421 section 5.1).

    The nonce is one that nobody has used; any other that was not used will do too.
    """
    names = " ".join(f'"{name}"' for name in (*ALWAYS, *WITH_BODY))
    wanted = f'sig=({names});created;nonce="{secrets.token_urlsafe(16)}";tag="{TAG}"'
    return refused(_SAID, f"a signature was refused: {why}", {"accept-signature": wanted})
