"""The seam for applications.

Each change is one transaction with its record of the audit log, and with what it changes of tokens: the holder of the
application, and all that stands below it. None is changed nothing: there is no such application.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tollbridge.applications.model import Application, ApplicationEdit, Look
from tollbridge.audit import Act
from tollbridge.stores.changes import NewToken


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application about to be written; the rest of it is its holder's, whose scopes are those that it is given."""

    holder: NewToken
    owner: str = ""
    description: str = ""


class ApplicationStore(Protocol):
    """Applications.

    `look` sees an application as all changes before left it; where it raises nothing is changed.
    """

    async def add_application(self, new: NewApplication, act: Act) -> Application:
        """Write an application below the holder of its team.

        Raises `BadRequest` where there is no such team (`team`), with status 409 where that has ended or is off, and
        where it has an application of that name which has not ended.
        """
        ...

    async def change_application(self, application_id: str, edit: ApplicationEdit, act: Act) -> Application | None:
        """Change an application, and what all below it may do.

        Raises `BadRequest` (409) where it has ended, and where its name is taken.
        """
        ...

    async def switch_application(
        self, application_id: str, act: Act, *, on: bool, look: Look | None = None
    ) -> Application | None:
        """Disable an application and all below it, or enable what was disabled with it.

        Raises `BadRequest` (409) where it has ended, and where what is above it is off.
        """
        ...

    async def end_application(self, application_id: str, act: Act, *, look: Look | None = None) -> Application | None:
        """Revoke an application and all below it for good; its name is free again."""
        ...

    async def transfer_application(
        self, application_id: str, team: str, act: Act, *, look: Look | None = None
    ) -> Application | None:
        """Give an application and all that it minted to another team, or to none: bounded by that from then on.

        What was off with the team before is off by itself then. Raises `BadRequest` as `add_application` does, and
        with status 409 where the application has ended.
        """
        ...

    async def get_application(self, application_id: str) -> Application | None:
        """Find an application by its id, one that has ended too."""
        ...

    async def list_applications(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = "", state: str = ""
    ) -> Sequence[Application]:
        """List applications, newest first, those with an id below `before`.

        `search` is a plain part of name, owner or id. Raises `ValueError` for a state there is not.
        """
        ...
