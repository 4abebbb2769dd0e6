"""The seam to OAuth clients."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tollbridge.audit import Act
from tollbridge.clients.model import Client, ClientRules, NewClient
from tollbridge.stores.changes import TokenChange


class ClientStore(Protocol):
    """Keeps clients.  What changes one says who does and is recorded; raises `Unavailable` where it does not answer.

    A client's token is disabled, enabled, revoked and rotated as any other.
    """

    async def add(self, client: NewClient, act: Act) -> Client:
        """Write a client and its token, both or neither; raises as `AdminStore.add_token` does."""
        ...

    async def change(
        self, client_id: str, change: Callable[[Client], tuple[TokenChange, ClientRules]], act: Act
    ) -> Client | None:
        """Change a client's token and its rules to what `change` makes of both.  None if there is no such client.

        It sees what all changes before left; where it raises nothing is changed. Raises `BadRequest` (409) where the
        client is revoked.
        """
        ...

    async def get(self, client_id: str) -> Client | None:
        """Find a client by its id."""
        ...

    async def find(
        self, *, limit: int = 50, before: str | None = None, search: str = "", team: str = ""
    ) -> Sequence[Client]:
        """List clients, newest first, at most `limit` of those with an id below `before`.

        `search` is a plain substring of name, owner or id; `team` gives only those of that team.
        """
        ...
