"""Puts independent issuers into a cache folder: `python -m tests.plugins.jwt.install`, with node 20 or newer and npm.

`TOLLBRIDGE_NODE_OIDC` names another folder. The versions, and the hashes of every file, are those of
`node/package-lock.json`; no package's own install script is run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "TOLLBRIDGE_NODE_OIDC"
HERE = Path(__file__).parent / "node"
FILES = ("package.json", "package-lock.json", "provider.mjs", "mock.mjs")
_DONE = ".installed"


def folder() -> Path:
    """Say where they are, or would be: another folder for other versions."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "tollbridge" / f"node-oidc-{_digest()[:12]}"


def _digest() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()


def lack() -> str:
    """Say what is missing and how to get it; empty where nothing is."""
    if shutil.which("node") is None:
        return "no node; apt-get install nodejs npm"
    done = folder() / _DONE
    if not done.is_file() or done.read_text() != _digest():
        return "the issuers are not installed; python -m tests.plugins.jwt.install"
    return ""


def install() -> None:
    """Install them where they are not; raises `CalledProcessError` where npm fails."""
    if not lack():
        return
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(HERE / name, place / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True)
    (place / _DONE).write_text(_digest())


if __name__ == "__main__":
    install()
    print(lack() or folder())
    sys.exit(bool(lack()))
