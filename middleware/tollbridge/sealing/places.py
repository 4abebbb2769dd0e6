"""Where a sealed value belongs: what AES-GCM binds it to, so that one copied elsewhere does not open there."""

from dataclasses import dataclass

SECRET = "secret"
"""A secret of the vault, by its name."""
ANSWER = "answer"
"""The content of a kept answer: its token owns it, its id names it."""
OWN_KEY = "own key"
"""A key that the gateway made for itself, by its name."""
SIGNING_KEY = "signing key"
"""A private key the gateway signs with, by its id."""
PROVIDER_KEY = "provider key"
"""A version of a provider's key: the provider owns it."""
CREDENTIAL = "credential"
"""A secret that a caller signs with: its token owns it, its id names it."""
WEBHOOK = "webhook"
"""The secrets that messages to a webhook are signed with, by its id."""
DELIVERY = "delivery"
"""A message to a webhook that holds a secret: the webhook owns it, its id names it."""
HANDOVER = "handover"
"""A token's new secret that is still to be handed over: the token owns it, the handover's id names it."""
REFRESH = "refresh token"
"""The refresh token that took another one's place: their grant owns it, the other one's id names it."""

_BEFORE = {SECRET: "tollbridge secret 1|{name}", ANSWER: "tollbridge answer 1|{owner}|{name}"}


@dataclass(frozen=True, slots=True)
class Place:
    """The row a sealed value stands in: `kind` of value, whose it is, how it is called, and which `version` of it."""

    kind: str
    owner: str = ""
    name: str = ""
    version: int = 1

    @property
    def bound(self) -> bytes:
        """Give the bytes that stand for this place and no other: each part after its length, four bytes."""
        parts = [part.encode("utf-8", "surrogatepass") for part in (self.kind, self.owner, self.name)]
        parts.append(b"%d" % self.version)
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    @property
    def bound_before(self) -> bytes:
        """Give the bytes that values of the first format, which names no key, were bound to."""
        text = _BEFORE.get(self.kind, "").format(owner=self.owner, name=self.name)
        return text.encode("utf-8", "surrogatepass")
