"""Packages of npm that tests run, put into a cache folder once: what a lock names, and no install script of theirs."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_DONE = ".installed"


@dataclass(frozen=True)
class Packages:
    """Some packages: `what` they are, the `module` that installs them, and `here`, the folder with `files`.

    The environment variable `variable` names another folder than the cache's. The versions, and the hashes of every
    file, are those of `package-lock.json`.
    """

    name: str
    what: str
    module: str
    variable: str
    here: Path
    files: tuple[str, ...] = ("package.json", "package-lock.json")

    def folder(self) -> Path:
        """Say where they are, or would be: another folder for other versions."""
        named = os.environ.get(self.variable)
        if named:
            return Path(named)
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "tollbridge" / f"{self.name}-{self._digest()[:12]}"

    def lack(self) -> str:
        """Say what is missing and how to get it; empty where nothing is."""
        if shutil.which("node") is None:
            return "no node; apt-get install nodejs npm"
        done = self.folder() / _DONE
        if not done.is_file() or done.read_text() != self._digest():
            return f"{self.what} are not installed; python -m {self.module}"
        return ""

    def install(self) -> None:
        """Install them where they are not; raises `CalledProcessError` where npm fails."""
        if not self.lack():
            return
        place = self.folder()
        place.mkdir(parents=True, exist_ok=True)
        for name in self.files:
            shutil.copyfile(self.here / name, place / name)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True)
        (place / _DONE).write_text(self._digest())

    def main(self) -> None:
        """Install them, and say where they are or what is missing."""
        self.install()
        print(self.lack() or self.folder())
        sys.exit(bool(self.lack()))

    def _digest(self) -> str:
        return hashlib.sha256(b"".join((self.here / name).read_bytes() for name in self.files)).hexdigest()
