"""The sections of the configuration about what the gateway does by itself."""

import re
from dataclasses import dataclass

from tollbridge.options import is_reference

_WEEK = 7
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*"
_ADDRESS = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@{_DOMAIN}")


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """`[jobs]`: whether this process does jobs; those of one database need one process that does."""

    enabled: bool = True


@dataclass(frozen=True, slots=True)
class WebhooksConfig:
    """`[webhooks]`: where they may be, and how long messages are remembered."""

    allow_private: bool = False
    keep_days: int = 30

    def __post_init__(self) -> None:
        if self.keep_days < _WEEK:
            raise ValueError(f"keep_days must be at least {_WEEK}: a message is tried for three days")


@dataclass(frozen=True, slots=True)
class RotationConfig:
    """`[rotation]`: the folder below which new secrets are handed over into files; empty for nowhere."""

    folder: str = ""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """`[mail]`: the host that webhooks at `mailto:` are sent by, from whom and to whom; an empty `url` sends none.

    `password` is where the host's password is. `domains` are those that addresses may be in; without any, an address
    is that of somebody who is known here.
    """

    url: str = ""
    password: str = ""
    sender: str = ""
    domains: tuple[str, ...] = ()
    insecure: bool = False

    def __post_init__(self) -> None:
        if self.password and not is_reference(self.password):
            raise ValueError("password must be env:NAME, file:PATH or stored:NAME; it does not belong in here itself")
        if ":" in self.url.partition("://")[2].rpartition("@")[0]:
            raise ValueError("a password does not belong into url; name it by password = 'env:NAME'")
        if (self.url or self.sender) and _ADDRESS.fullmatch(self.sender) is None:
            raise ValueError("sender is the address that mails are from, such as bridge@example.com")
        for domain in self.domains:
            if re.fullmatch(_DOMAIN, domain) is None:
                raise ValueError("domains are names such as example.com, each said in full: none means those below it")
