"""The operator's way in: links that work once.

A code is `<id>.<expiry>.<mac>`, signed with a key of its own made from the data folder's `admin.key`. What was used up
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

_SEALED = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})")


def link(base: str, code: str) -> str:
    """Give the address that signs in; `base` is that of the gateway's prefix."""
    return f"{base}/sign-in?code={code}"


class Door:
    """Makes and checks codes of one gateway.  `key` is its admin key, `data` its data folder."""

    def __init__(self, key: bytes, data: Path, clock: Clock) -> None:
        self._key = hmac.digest(key, b"tollbridge-dashboard/code", hashlib.sha256)
        self._folder = data / "admin-codes"
        self._clock = clock

    def make_code(self) -> str:
        """Make a code that signs in once within fifteen minutes."""
        body = f"{secrets.token_hex(16)}.{int(self._clock.time()) + CODE_LIFE_S}"
        return f"{body}.{self._mac(body)}"

    def knows_code(self, code: str) -> bool:
        """Whether a code would sign in now; does not use it up."""
        body = self._body(code)
        return body is not None and not (self._folder / body).exists()

    def use_code(self, code: str) -> bool:
        """Use a code up; True for the one who did, False where it is forged, expired or used.

        Raises `Unavailable` where that cannot be written down.
        """
        body = self._body(code)
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
