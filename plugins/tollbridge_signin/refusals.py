"""Why somebody is not signed in: a sentence for them, and a word for the log."""

import math
from collections.abc import Mapping
from enum import Enum

from tollbridge import GatewayError
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_

SAID_BY_THE_GATEWAY = (
    N_("a password has 15 characters at least and 1024 bytes at most"),
    N_("this password repeats itself; take one that is harder to guess"),
    N_("a password holds neither the name nor the address of its person"),
    N_("name is 1 to 100 printable characters"),
    N_("this invitation was used, was withdrawn, or has ended; ask for another one"),
    N_("this invitation is for somebody else; sign in with the address it was sent to"),
    N_("you are a member of this team already"),
    N_("who invited you may not do that any more; ask for another one"),
)
"""What it refuses people here with, marked for translators; anything else it says stays as it is."""


class Why(Enum):
    """Each with its status and what the page says."""

    PASSWORD = 401, N_("The address and the password do not fit together.")
    OWN = 401, N_("That is not your password.")
    WAIT = 429, N_("There were too many tries. Wait a while, then try again.")
    STALE = 400, N_("This sign-in is over, or was begun in another browser. Begin again.")
    DENIED = 403, N_("The provider did not sign you in.")
    ANSWER = 502, N_("The provider's answer cannot be used. Begin again; if that does not help, tell an administrator.")
    AWAY = 503, N_("The provider cannot be reached now. Try again later.")
    UNVERIFIED = 403, N_("The provider does not say that your address is yours. Have it verify your address first.")
    UNKNOWN = 403, N_("Nobody here has your address. Ask an administrator to add you.")
    DISABLED = 403, N_("You are switched off here. Ask an administrator.")
    OTHER = 403, N_("That is somebody else than who is signed in.")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return _(self.value[1])


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


def sentence(exc: GatewayError) -> str:
    """Give what the gateway refused with, as a sentence of its own."""
    text = _(exc.message)
    return _("%(sentence)s.") % {"sentence": f"{text[:1].upper()}{text[1:]}"}
