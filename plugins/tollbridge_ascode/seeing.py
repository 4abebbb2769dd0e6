"""One service while a plan is done.

What is done to it is refused where somebody else changed it since it was looked at, or published something of it.
"""

from typing import Any
from urllib.parse import quote

from tollbridge import SetupError
from tollbridge.cli.asking import Asking
from tollbridge_ascode.comparing import Fields
from tollbridge_ascode.objects import Found, got, matching

AT = "/services"
_MOVED = ("state", "live")
"""What a release changes of its service that is made or moved."""


def place(slug: str) -> str:
    """Give where a service is."""
    return f"{AT}/{quote(slug, safe='')}"


class Seen:
    """A service as it was left by the last step that did something to it; `found` is None before it is made."""

    def __init__(self, slug: str, found: Found | None) -> None:
        self.at = place(slug)
        self.found = found

    def begin(self, api: Asking, wish: Fields) -> None:
        """Make it."""
        reply = api.send("POST", AT, wish)
        self.found = Found(reply.value, reply.headers.get("etag", ""))

    def change(self, api: Asking, method: str, part: str = "", wish: Any = None) -> Fields:
        """Change it, and give what the API says of that."""
        reply = api.send(method, f"{self.at}{part}", wish, headers=self._matching())
        said: Fields = reply.value
        self.found = Found(said, reply.headers.get("etag", ""))
        return said

    def move(self, api: Asking, part: str, wish: Any) -> Fields:
        """Make a release of it, or move one; raises `SetupError` where somebody else did something meanwhile too."""
        said: Fields = api.ask("POST", f"{self.at}{part}", wish, headers=self._matching())
        before, self.found = self.found, got(api, self.at)
        if before is None or self.found is None or not _is_left(before.fields, self.found.fields, said["id"]):
            raise SetupError("somebody else changed the service at the same time; look at what serves now")
        return said

    def _matching(self) -> dict[str, str]:
        return {} if self.found is None else matching(self.found)


def _is_left(before: Fields, now: Fields, release: str) -> bool:
    """Whether a service is as it was, but for what the release does that was moved."""
    same = all(before.get(name) == value for name, value in now.items() if name not in _MOVED)
    return same and now["live"] in (before["live"], release)
