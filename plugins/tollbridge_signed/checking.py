"""Checking the signature of a request (RFC 9421) and the digest of its body (RFC 9530)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
    algorithms,
)

from tollbridge import Call, Gateway, Holder
from tollbridge.credentials import CredentialKind, OpenedCredential, public_key
from tollbridge_signed.age import Ages
from tollbridge_signed.messages import Fields, Message, Said, Wrong, message_of, said_of
from tollbridge_signed.wanted import ALWAYS, TAG, WITH_BODY, unsigned

ALGORITHMS: Mapping[str, type[HTTPSignatureAlgorithm]] = {
    one.algorithm_id: one
    for one in (algorithms.ED25519, algorithms.ECDSA_P256_SHA256, algorithms.RSA_PSS_SHA512, algorithms.HMAC_SHA256)
}
_KINDS = (CredentialKind.SIGNATURE, CredentialKind.HMAC)


class Checking:
    """Checks the requests of one gateway, which callers reach at `public_url`."""

    def __init__(self, gateway: Gateway, public_url: str, ages: Ages) -> None:
        self._gateway = gateway
        self._public_url = public_url
        self._ages = ages

    async def holder(self, call: Call) -> Holder:
        """Give the token whose key signed a request, which then has a check of its body.

        Raises `Unauthenticated`, or `Unavailable` where the store does not answer.
        """
        try:
            message = message_of(call, self._public_url)
            said = said_of(message.headers)
            opened = await self._opened(said)
            verify(message, opened)
        except Wrong as exc:
            raise unsigned(str(exc)) from None
        call.body_check = body_check(message.headers)
        mine = opened.credential
        ends_s = None if mine.ends_at is None else mine.ends_at.timestamp()
        refusal = unsigned("the token of the key is not live")
        return Holder(mine.token_id, ends_s, refusal, key=mine.id, confirm=partial(self._confirm, said))

    async def _confirm(self, said: Said) -> None:
        """Refuse a nonce that was shown before."""
        if not await self._ages.is_first(said.created, "signed", said.keyid, said.nonce):
            raise unsigned("its nonce was shown before")

    async def _opened(self, said: Said) -> OpenedCredential:
        """Give the key of a signature that is neither too old nor too new; raises `Wrong`."""
        if wrong := self._ages.wrong(said.created):
            raise Wrong(f"it is {wrong}")
        if said.expires is not None and self._ages.is_over(said.expires):
            raise Wrong("it has expired")
        opened = await self._gateway.credentials.open(said.keyid)
        if opened is None or opened.credential.kind not in _KINDS:
            raise Wrong("there is no such key")
        return opened


class Verifier(HTTPMessageVerifier):
    """Leaves the age of a signature to `Ages`, which has the gateway's clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        """Do nothing: it is checked before a key is looked up."""


def verify(message: Message, opened: OpenedCredential) -> None:
    """Check that the key has signed all that must be; raises `Wrong`."""
    mine = opened.credential
    key = public_key(mine.public, mine.algorithm) if mine.public else opened.shared
    keys = MappingKeyResolver(public_keys={mine.id: key}, private_keys={})  # type: ignore[dict-item]  # of the algorithm
    verifier = Verifier(signature_algorithm=ALGORITHMS[mine.algorithm], key_resolver=keys)
    needed = (*ALWAYS, *(name for name in WITH_BODY if message.headers.get(name) is not None))
    try:
        verifier.verify(message, max_age=None, expect_tag=TAG, require_components=needed)
    except HTTPMessageSignaturesException as exc:
        raise Wrong(f"{type(exc).__name__} ({type(exc.__cause__).__name__})") from exc


def body_check(fields: Fields) -> Callable[[bytes], None]:
    """Give what refuses a body that is not the signed one; where no digest was signed, any but an empty one."""
    digest = fields.get("content-digest")

    def check(body: bytes) -> None:
        if digest is None:
            if body:
                raise unsigned("a body came without a digest")
            return
        try:
            ContentDigest.verify(digest, body)
        except HTTPMessageSignaturesException:
            raise unsigned("the body has another digest") from None

    return check
