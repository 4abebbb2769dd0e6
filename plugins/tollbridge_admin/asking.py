"""One request to the API, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge import Call, Principal, ScopeSet
from tollbridge.administering import NAMELESS, Actor
from tollbridge_admin.problems import TagMismatch
from tollbridge_admin.tags import meets

Headers = Mapping[str, str]

NOBODY = Principal(id=NAMELESS, name=NAMELESS, scopes=ScopeSet())
"""Who asks where nobody is asked for a token."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose caller may make it; `named` is what stands for the names in its path."""

    call: Call
    caller: Principal
    named: Mapping[str, str]
    operator: bool = False
    """Whether it is asked by a command on the machine or by the operator's page, whom nothing bounds."""

    @property
    def id(self) -> str:
        """The id in its path."""
        return self.named["id"]

    @property
    def actor(self) -> Actor:
        """Who asks, as the audit log has it."""
        if self.call.acting is not None:
            return self.call.acting.actor
        return Actor(self.caller.id, "cli" if self.operator else "api", self.call.client, self.call.id)

    @property
    def minter(self) -> Principal | None:
        """Whose rights bound what is given away, and who stands above it; nobody where the operator asks."""
        return None if self.operator else self.caller

    def header(self, name: str) -> str:
        """Give a header, empty where it is not there; one that is sent several times is a list (RFC 9110, 5.3)."""
        wanted = name.encode("ascii")
        return ", ".join(value.decode("latin-1").strip() for key, value in self.call.headers if key == wanted)

    def check_match(self, *tags: str) -> None:
        """Refuse where `If-Match` names none of these states (RFC 9110, 13.1.1); raises `TagMismatch`."""
        wanted = self.header("if-match")
        if wanted and not any(meets(wanted, tag) for tag in tags):
            raise TagMismatch()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown, with which status; `tag` where it is one object that has a tag."""

    shown: object
    status: int = 200
    tag: str = ""
    headers: Headers = field(default_factory=dict)
