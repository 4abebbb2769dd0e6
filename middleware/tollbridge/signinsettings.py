"""The sections of the configuration that say who may sign in, how, and for how long."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge.options import is_reference

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MOST_HOURS = 24 * 30
_MOST_CONFIRM = 24 * 60


@dataclass(frozen=True, slots=True)
class SessionsConfig:
    """`[sessions]`: how long somebody stays signed in.

    `hours` in all (NIST SP 800-63B rev. 3, section 4.2.2, has 12 at most, and 30 days where one factor is enough,
    4.1.2), `idle_hours` without a request. Who it is must have been proved within `confirm_minutes` for what is
    sensitive; 0 asks for no further proof.
    """

    hours: float = 12.0
    idle_hours: float = 8.0
    confirm_minutes: float = 15.0

    def __post_init__(self) -> None:
        if not 0 < self.hours <= _MOST_HOURS:
            raise ValueError(f"hours must be above 0, and {_MOST_HOURS} at most, which is 30 days")
        if not 0 < self.idle_hours <= self.hours:
            raise ValueError("idle_hours must be above 0, and no more than hours")
        if not 0 <= self.confirm_minutes <= _MOST_CONFIRM:
            raise ValueError(f"confirm_minutes must be 0 to {_MOST_CONFIRM}")


@dataclass(frozen=True, slots=True)
class GroupRole:
    """`[signin.oidc.<name>.groups."<group>"]`: what members of a group are; an empty team is the whole bridge."""

    role: str
    team: str = ""

    def __post_init__(self) -> None:
        if not self.role:
            raise ValueError("role must name a role")


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """`[signin.oidc.<name>]`: an OpenID provider that people sign in with.

    `title` is what its button says. A claim inside another is named with a dot. `create` makes a person of whoever is
    not known yet; else only people who are here by their e-mail may in. `trust_email` takes an e-mail that the provider
    does not call verified. `groups` give memberships at each sign-in and take them away again.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    title: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    email_claim: str = "email"
    name_claim: str = "name"
    groups_claim: str = ""
    groups: Mapping[str, GroupRole] = field(default_factory=dict)
    create: bool = False
    trust_email: bool = False
    allow_private: bool = False

    def __post_init__(self) -> None:
        if not self.issuer or not self.client_id:
            raise ValueError("issuer and client_id must not be empty")
        if self.client_secret and not is_reference(self.client_secret):
            raise ValueError("client_secret must be env:NAME, file:PATH or stored:NAME, never the secret itself")
        if "openid" not in self.scopes:
            raise ValueError("scopes must have openid, without which it is no sign-in")
        if bool(self.groups) != bool(self.groups_claim):
            raise ValueError("groups_claim and groups go together: one says where groups are, the other what they give")


@dataclass(frozen=True, slots=True)
class SignInConfig:
    """`[signin]`: the ways to sign in.

    `passwords`: people who have one may use it. `sign_up`: who is new and was sent an invitation may choose one.
    """

    passwords: bool = True
    sign_up: bool = False
    oidc: Mapping[str, OidcConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(map(_NAME.fullmatch, self.oidc)):
            raise ValueError("oidc has a table for each provider, named in small letters, digits, - and _")
        if len({one.issuer for one in self.oidc.values()}) < len(self.oidc):
            raise ValueError("two of the oidc providers have the same issuer")
