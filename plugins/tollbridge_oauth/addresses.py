"""Where the authorization server is, and what it is called: by the configuration, never by what a request says."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from tollbridge import Config, ConfigError
from tollbridge.authorizing import issuer_of

PATH = "/oauth"
"""Where it is under the prefix."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The issuer of one gateway and the URLs of its endpoints."""

    issuer: str
    prefix: str

    @classmethod
    def of(cls, config: Config) -> "Addresses":
        """Give those of a configuration; raises `ConfigError` where tokens would cross a network in the open."""
        server = config.server
        issuer = issuer_of(config)
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ConfigError(
                "oauth.enabled needs server.public_url with https: secrets and tokens cross there; without it the "
                "gateway must listen on loopback alone"
            )
        if not server.prefix:
            raise ConfigError("oauth.enabled needs server.prefix: its endpoints are below it")
        return cls(issuer, server.prefix)

    def endpoint(self, name: str) -> str:
        """Give the URL of an endpoint."""
        return f"{self.issuer}{self.prefix}{PATH}/{name}"

    @property
    def jwks(self) -> str:
        """Where the public keys are."""
        return f"{self.issuer}{self.prefix}/jwks.json"

    @property
    def path(self) -> str:
        """What stands behind the host in the issuer; its documents have it behind their well-known name."""
        return urlsplit(self.issuer).path


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
