"""Showing AWS its key: Signature Version 4, or a Bedrock API key as a bearer token.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv4.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html, read 2026-11. botocore signs: it comes with the
extra `tollbridge[bedrock]`, and only where a request is to be signed.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tollbridge import Auth, Bearer, ConfigError, Signer, UpstreamRequest

BEARER_ENV = "AWS_BEARER_TOKEN_BEDROCK"
_HOST = re.compile(r"[a-z0-9-]+\.([a-z]{2,}(?:-[a-z]+)+-\d+)\.(?:amazonaws\.com|api\.aws)(?:\.cn)?")
_SIGNED = frozenset((b"content-type",))
"""Headers of a request that are signed beside the host and what signing adds; others may change on the way."""
_SHOWN = frozenset(("authorization", "x-amz-date", "x-amz-security-token"))


@dataclass(frozen=True, slots=True)
class SigV4:
    """Signs each request.

    The key is `ACCESS:SECRET` or `ACCESS:SECRET:SESSION`; without one the credentials come from where botocore finds
    them: the environment, `profile`, a role. `region` is read from the host where it is empty.
    """

    needs_key: ClassVar[bool] = False

    env: tuple[str, ...] = ()
    service: str = "bedrock"
    region: str = ""
    profile: str = ""

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        """Give none; raises `ConfigError` where botocore is missing or the key is no pair of keys."""
        _botocore("auth")
        if key:
            _given(key)
        return []

    async def sign(self, key: str, request: UpstreamRequest) -> Sequence[tuple[bytes, bytes]]:
        if key:
            return _signature(_given(key), self._region(request.url), self.service, request)
        # Renewing the credentials of a role asks a server, which blocks.
        return await asyncio.to_thread(self._found, request)

    def _found(self, request: UpstreamRequest) -> Sequence[tuple[bytes, bytes]]:
        credentials = _session(self.profile).get_credentials()
        if credentials is None:
            raise ConfigError(
                "no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"
            )
        return _signature(credentials.get_frozen_credentials(), self._region(request.url), self.service, request)

    def _region(self, url: str) -> str:
        if self.region:
            return self.region
        found = _HOST.fullmatch(urlsplit(url).hostname or "")
        if found is None:
            raise ConfigError("the URL does not tell its region; set auth_options.region")
        return found[1]


@dataclass(frozen=True, slots=True)
class BedrockAuth:
    """A Bedrock API key as a bearer token, or else SigV4: what a key is shows in its colon.

    Credentials that only happen to be in the environment do not offer the provider: it takes a section of its own.
    """

    needs_key: ClassVar[bool] = False

    env: tuple[str, ...] = (BEARER_ENV,)
    region: str = ""
    profile: str = ""

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return Bearer().headers(key) if _is_token(key) else self._signing().headers(key)

    async def sign(self, key: str, request: UpstreamRequest) -> Sequence[tuple[bytes, bytes]]:
        return () if _is_token(key) else await self._signing().sign(key, request)

    def _signing(self) -> SigV4:
        return SigV4(region=self.region, profile=self.profile)


def _is_token(key: str) -> bool:
    return bool(key) and ":" not in key


def _botocore(module: str) -> Any:
    try:
        return import_module(f"botocore.{module}")
    except ImportError as exc:
        raise ConfigError("signing for AWS needs botocore; install it with: pip install 'tollbridge[bedrock]'") from exc


def _given(key: str) -> Any:
    access, colon, rest = key.partition(":")
    secret, _, session = rest.partition(":")
    if not access or not colon or not secret:
        raise ConfigError("a key for AWS must read ACCESS:SECRET or ACCESS:SECRET:SESSION")
    return _botocore("credentials").ReadOnlyCredentials(access, secret, session or None)


@lru_cache(maxsize=16)
def _session(profile: str) -> Any:
    """Give what finds credentials as AWS's own tools do, and keeps them; they renew themselves."""
    return _botocore("session").Session(profile=profile or None)


def _signature(credentials: Any, region: str, service: str, request: UpstreamRequest) -> Sequence[tuple[bytes, bytes]]:
    """Sign the request as it is sent: its path stays percent-encoded, and is encoded once more in what is signed."""
    signed = [(name, value) for name, value in request.headers if name in _SIGNED]
    asked = _botocore("awsrequest").AWSRequest(
        method=request.method,
        url=request.url,
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in signed},
        data=request.body,
    )
    _botocore("auth").SigV4Auth(credentials, service, region).add_auth(asked)
    return [
        (name.lower().encode("ascii"), value.encode("latin-1"))
        for name, value in asked.headers.items()
        if name.lower() in _SHOWN
    ]


_: tuple[Auth, Signer] = (SigV4(), BedrockAuth())
