"""The section of the configuration that says what the OAuth authorization server does."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tollbridge.options import is_reference

RESOURCE = "oauth-protected-resource"
"""What the gateway says of itself, as what access tokens open (RFC 9728 section 3)."""

_AUDIENCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
_MOST_GRACE_S = 60
_CODE_S = range(10, 601)
_DEVICE_S = range(60, 1_801)


def well_known_url(issuer: str, name: str) -> str:
    """Give the URL of a well-known document: its name stands before the issuer's path (RFC 8414 section 3.1)."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{parts.path}"


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """`[oauth]`: tokens for programs, and for what people let programs do.  Its issuer is `[server] public_url`.

    `audiences` are the services that a token may be exchanged for one of. `registration`: whoever shows the token that
    `registration_token` leads to may make a client of its own, which has `registration_scopes` at most.
    `allow_private`: the keys of clients that sign may be at a loopback or private address.
    """

    enabled: bool = False
    code_s: int = 60
    device_s: int = 600
    refresh_grace_s: int = 0
    audiences: tuple[str, ...] = ()
    registration: bool = False
    registration_token: str = ""
    registration_scopes: tuple[str, ...] = ("ai:*", "model:*")
    allow_private: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (("code_s", _CODE_S), ("device_s", _DEVICE_S)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be {allowed.start} to {allowed.stop - 1} seconds")
        if not 0 <= self.refresh_grace_s <= _MOST_GRACE_S:
            raise ValueError(f"refresh_grace_s must be 0 to {_MOST_GRACE_S} seconds")
        if not all(map(_AUDIENCE.fullmatch, self.audiences)):
            raise ValueError("audiences are names of up to 256 visible ASCII characters without spaces and quotes")
        if self.registration and not is_reference(self.registration_token):
            raise ValueError("registration needs registration_token, env:NAME, file:PATH or stored:NAME")
