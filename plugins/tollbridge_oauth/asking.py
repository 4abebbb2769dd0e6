"""One request to the token endpoint, or to authorize, as Authlib's classes want it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request

from tollbridge import Gateway, Principal
from tollbridge.authorizing import Granting, Issued, Lent
from tollbridge.jose import SigningKey
from tollbridge_oauth.forms import Form
from tollbridge_oauth.known import KnownClient

_URI = "https://authorization.server.invalid/"
"""Authlib looks at the scheme alone; ours is looked at when the gateway starts."""


class Parameters(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    """What was sent, each parameter once."""

    def __init__(self, form: Form) -> None:
        self._form = dict(form)

    @property
    def data(self) -> dict[str, str]:
        return self._form

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: [value] for name, value in self._form.items()})


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A token that is exchanged: what it is worth, what comes of it, and who acts by it so far."""

    issued: Issued
    lent: Lent
    acting: Mapping[str, Any] = field(default_factory=dict)


class Asked(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """A request whose client is known, at `address`.  `granting` and `key` are there while a grant answers it.

    `lent` is what a person, or an exchanged token, lends; without it the client asks for itself. `refreshing` is the
    refresh token that follows one that was used, `code` the one that was made for this request. `reused` is the grant
    of a code or refresh token that was used again: it ends whatever becomes of this request.
    """

    granting: Granting
    key: SigningKey

    def __init__(self, form: Form, known: KnownClient, gateway: Gateway, *, address: str, method: str = "POST") -> None:
        super().__init__(method, _URI)
        self.payload = Parameters(form)
        self.known = known
        self.gateway = gateway
        self.address = address
        self.exchanged: Exchanged | None = None
        self.lent: Lent | None = None
        self.refreshing = ""
        self.code = ""
        self.reused = ""

    def __repr__(self) -> str:
        return f"Asked({self.known.id})"

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data

    args = form

    def find_holder(self, token_id: str) -> Principal | None:
        """Find the live token of an id, from within a grant."""
        return self.granting.wait(self.gateway.store.find_holder(token_id))


class Answer(dict[str, Any]):
    """What the token endpoint answers.  Authlib logs it by its `repr`, which tells nothing."""

    def __repr__(self) -> str:
        return "Answer(...)"
