"""Where the mail host is, as `[mail]` says it."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from tollbridge import ConfigError, MailHost

_PORTS = {"smtp": 587, "smtps": 465}  # RFC 8314, 3.3


@dataclass(frozen=True, slots=True)
class Place:
    """A mail host.  `tls`: from the first byte; `plain`: it may be spoken to without TLS, or must, where `insecure`."""

    host: str
    port: int
    tls: bool
    plain: bool
    insecure: bool
    user: str = ""
    password: str = field(default="", repr=False)


def place_of(given: MailHost) -> Place:
    """Read it; raises `ConfigError`."""
    try:
        parts = urlsplit(given.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError("mail.url: it is no valid URL") from None
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError("mail.url is written as smtp://user@mail.example.com:587 or smtps://user@mail.example.com")
    user, tls = unquote(parts.username or ""), parts.scheme == "smtps"
    if bool(user) != bool(given.password):
        raise ConfigError("mail: a user in url and a password go together; set both, or neither")
    if not user.isascii() or not user.isprintable():
        raise ConfigError("mail.url: a user is printable ASCII characters")
    if tls and given.insecure:
        raise ConfigError("mail: smtps:// is with TLS and insecure = true is without; use smtp://, or leave it out")
    return Place(
        host=host,
        port=port or _PORTS[parts.scheme],
        tls=tls,
        plain=given.insecure or _is_here(host),
        insecure=given.insecure,
        user=user,
        password=given.password,
    )


def _is_here(host: str) -> bool:
    """Whether a host is this machine, where nobody is between."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
