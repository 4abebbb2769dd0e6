"""Why somebody is not signed in: a sentence for them, and a word for the log."""

import math
from collections.abc import Mapping
from enum import Enum
from gettext import gettext as _


class Why(Enum):
    """Each with its status and what the page says."""

    PASSWORD = 401, _("The address and the password do not fit together.")
    OWN = 401, _("That is not your password.")
    WAIT = 429, _("There were too many tries. Wait a while, then try again.")
    STALE = 400, _("This sign-in is over, or was begun in another browser. Begin again.")
    DENIED = 403, _("The provider did not sign you in.")
    ANSWER = 502, _("The provider's answer cannot be used. Begin again; if that does not help, tell an administrator.")
    AWAY = 503, _("The provider cannot be reached now. Try again later.")
    UNVERIFIED = 403, _("The provider does not say that your address is yours. Have it verify your address first.")
    UNKNOWN = 403, _("Nobody here has your address. Ask an administrator to add you.")
    DISABLED = 403, _("You are switched off here. Ask an administrator.")
    OTHER = 403, _("That is somebody else than who is signed in.")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


class SignInRefused(Exception):
    """Somebody is not signed in.

    `detail` is for the log, and holds nothing that was shown or sent; `wait_s` is how long no other try is listened to.
    """

    def __init__(self, why: Why, detail: str = "", *, wait_s: float = 0.0) -> None:
        super().__init__(why.name)
        self.why = why
        self.detail = detail
        self.wait_s = wait_s

    @property
    def headers(self) -> Mapping[str, str]:
        """Say when another try is listened to, where that is not at once (RFC 9110, 10.2.3)."""
        return {"retry-after": str(math.ceil(self.wait_s))} if self.wait_s else {}
