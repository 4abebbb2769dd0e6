"""Who may see the dashboard: links that work once, and sessions.

Both are `<id>.<expiry>.<mac>`, signed with a key of their own made from the data folder's `admin.key`. What was used up
is a file named after it, made with O_EXCL, so that of several processes exactly one succeeds.
"""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from tollbridge import Clock, Unavailable

CODE_LIFE_S = 15 * 60
SESSION_LIFE_S = 12 * 3600

_SEALED = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})")


def link(base: str, code: str) -> str:
    """Give the address that signs in; `base` is the dashboard's."""
    return f"{base}/sign-in?code={code}"


class Door:
    """Makes and checks codes and sessions of one gateway.  `key` is its admin key, `data` its data folder."""

    def __init__(self, key: bytes, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._code = _Seal(key, "code", data / "admin-codes", clock)
        self._session = _Seal(key, "session", data / "admin-sessions", clock)

    def make_code(self) -> str:
        """Make a code that signs in once within fifteen minutes."""
        return self._code.make(CODE_LIFE_S)

    def knows_code(self, code: str) -> bool:
        """Whether a code would sign in now; does not use it up."""
        return self._code.is_open(code)

    def use_code(self, code: str) -> str | None:
        """Use a code up and give a session, or None if it is forged, expired or used."""
        if not self._code.close(code):
            return None
        return self._session.make(SESSION_LIFE_S)

    def knows_session(self, session: str) -> bool:
        """Whether a session is signed in."""
        return self._session.is_open(session)

    def end_session(self, session: str) -> None:
        """Sign out, on every worker, for good."""
        self._session.close(session)


class _Seal:
    """One kind of signed text, and the folder that says which are closed."""

    def __init__(self, key: bytes, purpose: str, folder: Path, clock: Clock) -> None:
        self._key = hmac.digest(key, f"tollbridge-dashboard/{purpose}".encode("ascii"), hashlib.sha256)
        self._folder = folder
        self._clock = clock

    def make(self, life_s: int) -> str:
        body = f"{secrets.token_hex(16)}.{int(self._clock.time()) + life_s}"
        return f"{body}.{self._mac(body)}"

    def _mac(self, body: str) -> str:
        return hmac.new(self._key, body.encode("ascii"), hashlib.sha256).hexdigest()

    def _body(self, text: str) -> str | None:
        """Give `<id>.<expiry>` if the text is ours and has not expired."""
        found = _SEALED.fullmatch(text)
        if found is None or not text.isascii():
            return None
        body = f"{found[1]}.{found[2]}"
        if not hmac.compare_digest(self._mac(body), found[3]) or int(found[2]) <= self._clock.time():
            return None
        return body

    def is_open(self, text: str) -> bool:
        body = self._body(text)
        return body is not None and not (self._folder / body).exists()

    def close(self, text: str) -> bool:
        """Close it; True for the one who did.  Raises `Unavailable` where that cannot be written down."""
        body = self._body(text)
        if body is None:
            return False
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _claim(self._folder / body):
                return False
        except OSError as exc:
            raise Unavailable(f"the data folder cannot be written ({exc.strerror})") from exc
        self._sweep()
        return True

    def _sweep(self) -> None:
        """Remove what has expired: its signature refuses it from now on."""
        now = self._clock.time()
        for entry in self._folder.iterdir():
            expiry = entry.name.partition(".")[2]
            if expiry.isdigit() and int(expiry) < now:
                entry.unlink(missing_ok=True)


def _claim(path: Path) -> bool:
    """Make an empty file; of all who try, one succeeds."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True
