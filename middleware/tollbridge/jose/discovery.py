"""Where an issuer says its keys are: OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from tollbridge.errors import UpstreamError
from tollbridge.jose.strictjson import strict_object

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets a document by its URL, of bounded size and without following redirects; raises `UpstreamError` for none."""


def metadata_urls(issuer: str) -> tuple[str, str]:
    """Give the two places of an issuer's metadata: OpenID's behind its path, RFC 8414's before it (section 3.1)."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    before = parts._replace(path=f"/.well-known/oauth-authorization-server{path}").geturl()
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration", before


async def find_jwks_url(issuer: str, fetch: Fetch) -> str:
    """Ask an issuer where its keys are; raises `UpstreamError`, and `ValueError` for metadata that cannot be trusted.

    The issuer that the metadata names must be this one, character by character (RFC 8414 section 3.3): else one that
    can write a single path of a host could pass as another.
    """
    openid, other = metadata_urls(issuer)
    try:
        document = await fetch(openid)
    except UpstreamError:
        document = await fetch(other)
    metadata = strict_object(document)
    url = metadata.get("jwks_uri")
    if metadata.get("issuer") != issuer:
        raise ValueError("its metadata is another issuer's")
    if not isinstance(url, str):
        raise ValueError("its metadata names no jwks_uri")
    return url
