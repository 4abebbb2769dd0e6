"""Tokens of Microsoft Entra ID, as auth schemes.

Client credentials: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow. Managed
identity: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token for virtual
machines, https://learn.microsoft.com/azure/app-service/overview-managed-identity for App Service and Container Apps
(all read 2026-11).
"""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

import structlog

from tollbridge import AccessToken, Auth, KeptToken, UpstreamError, UpstreamRequest
from tollbridge.formats import Fields, decode_json

log = structlog.get_logger("tollbridge")

RESOURCE = "https://cognitiveservices.azure.com"
_VM = "http://169.254.169.254/metadata/identity/oauth2/token"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_HERE = frozenset(("127.0.0.1", "localhost", "::1"))
_MOST = 64 * 1024
"""Bytes of a token's answer that are read."""
_PATIENCE_S = 4.0
"""Seconds for a whole fetch, answer and all: less than `[plugins] timeout_s`, so that its own reason is told."""
_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class EntraClient:
    """An application of a tenant, whose key is its client secret; each of two has a token of its own.

    `scope` ends in `/.default`. `authority` is another cloud's, such as `https://login.microsoftonline.us`.
    """

    tenant: str
    client_id: str
    scope: str = f"{RESOURCE}/.default"
    authority: str = "https://login.microsoftonline.com"
    _tokens: dict[str, KeptToken] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _TENANT.fullmatch(self.tenant):
            raise ValueError("the option 'tenant' must be a tenant's id or domain")
        authority = urlsplit(self.authority)
        allowed = authority.scheme == "https" or (authority.scheme == "http" and authority.hostname in _HERE)
        if not allowed or not authority.hostname:
            raise ValueError("the option 'authority' must begin with https://")

    @property
    def env(self) -> tuple[str, ...]:
        return ("AZURE_CLIENT_SECRET",)

    def headers(self, key: str) -> Headers:
        return []

    async def sign(self, key: str, request: UpstreamRequest) -> Headers:
        async def fetch() -> AccessToken:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": key,
                "scope": self.scope,
            }
            url = f"{self.authority.rstrip('/')}/{self.tenant}/oauth2/v2.0/token"
            return await _ask("POST", url, form=form)

        return _shown(await self._tokens.setdefault(key, KeptToken()).get(fetch))


@dataclass(frozen=True, slots=True)
class EntraManaged:
    """The identity of the machine, or of the app in App Service or Container Apps.  It needs no key.

    `client_id` chooses among several identities. `endpoint` is where the machine is asked, by default what the
    platform says in `IDENTITY_ENDPOINT`, else the metadata address of a virtual machine.
    """

    needs_key: ClassVar[bool] = False

    client_id: str = ""
    resource: str = RESOURCE
    endpoint: str = ""
    _token: KeptToken = field(default_factory=KeptToken, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.endpoint and not re.match(r"https?://[^/?#]", self.endpoint):
            raise ValueError("the option 'endpoint' must be a URL that begins with http:// or https://")

    @property
    def env(self) -> tuple[str, ...]:
        return ("IDENTITY_HEADER",)

    def headers(self, key: str) -> Headers:
        return []

    async def sign(self, key: str, request: UpstreamRequest) -> Headers:
        async def fetch() -> AccessToken:
            version, shown = ("2019-08-01", {"x-identity-header": key}) if key else ("2018-02-01", {"metadata": "true"})
            given = self.endpoint or (os.environ.get("IDENTITY_ENDPOINT", "") if key else "") or _VM
            query = {"api-version": version, "resource": self.resource}
            if self.client_id:
                query["client_id"] = self.client_id
            return await _ask("GET", given, query=query, headers=shown)

        return _shown(await self._token.get(fetch))


def _shown(token: str) -> Headers:
    return [(b"authorization", f"Bearer {token}".encode("latin-1"))]


async def _ask(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> AccessToken:
    """Ask for a token; raises `UpstreamError` with a detail that holds neither key nor token."""
    import httpx2

    try:
        async with (
            asyncio.timeout(_PATIENCE_S),
            httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,
            client.stream(method, url, data=form, params=query, headers=headers) as response,
        ):
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST:
                    raise _refused(response.status_code, "its answer is too long")
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as exc:
        raise _refused(0, type(exc).__name__) from None
    return _read(response.status_code, body)


def _read(status: int, body: bytes) -> AccessToken:
    """Read a token's answer (RFC 6749, sections 5.1 and 5.2); managed identities write the seconds as text."""
    found = Fields(decode_json(body, wrong=UpstreamError, what="the token's answer"), wrong=None)
    token, lifetime = found.text("access_token"), found.take("expires_in")
    if status == 200 and token and str(lifetime).isdecimal():
        return AccessToken(token, float(lifetime))
    error = found.text("error") or ""
    codes = [str(code) for code in found.items("error_codes") or () if isinstance(code, int)]
    raise _refused(status, " ".join([error if _WORD.fullmatch(error) else "it gave no token", *codes]))


def _refused(status: int, why: str) -> UpstreamError:
    """Make the error, and write it to the log: what `sign` raises is logged by its class alone."""
    log.warning("credential_refused", status=status, reason=why)
    return UpstreamError("no token was given", code="upstream_credential", detail=f"Entra ID answered {status}: {why}")


_: tuple[type[Auth], ...] = (EntraClient, EntraManaged)
