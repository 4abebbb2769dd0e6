"""Puts what set-ups are tried with into cache folders: `python -m tests.plugins.portal.install`.

It takes node 20 or newer, npm and pip. Without arguments it brings LangChain and the AI SDK; with `agents` also Claude
Code and Codex CLI, which are some 700 MB. The variables `TOLLBRIDGE_LANGCHAIN`, `TOLLBRIDGE_NODE_AI` and
`TOLLBRIDGE_NODE_AGENTS` name other folders.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.support.npm import Packages

HERE = Path(__file__).parent
MODULE = "tests.plugins.portal.install"
AI_SDK = Packages("node-ai", "Vercel's AI SDK", MODULE, "TOLLBRIDGE_NODE_AI", HERE / "js")
AGENTS = Packages("node-agents", "the coding agents", f"{MODULE} agents", "TOLLBRIDGE_NODE_AGENTS", HERE / "agents")

_DONE = ".installed"
_LANGCHAIN = HERE / "langchain.txt"


def langchain_folder() -> Path:
    """Say where LangChain is, or would be: apart from this environment, whose versions are not its business."""
    named = os.environ.get("TOLLBRIDGE_LANGCHAIN")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "tollbridge" / f"langchain-{_digest()[:12]}"


def langchain_lack() -> str:
    """Say what is missing and how to get it; empty where nothing is."""
    done = langchain_folder() / _DONE
    if not done.is_file() or done.read_text() != _digest():
        return f"LangChain is not installed; python -m {MODULE}"
    return ""


def install_langchain() -> None:
    """Install it where it is not; raises `CalledProcessError` where pip fails."""
    if not langchain_lack():
        return
    place = langchain_folder()
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    subprocess.run([*command, "--target", str(place), "-r", str(_LANGCHAIN)], check=True)
    (place / _DONE).write_text(_digest())


def _digest() -> str:
    return hashlib.sha256(_LANGCHAIN.read_bytes() + sys.version.encode()).hexdigest()


if __name__ == "__main__":
    install_langchain()
    AI_SDK.install()
    lacks = [langchain_lack(), AI_SDK.lack()]
    if "agents" in sys.argv[1:]:
        AGENTS.install()
        lacks.append(AGENTS.lack())
    print("; ".join(filter(None, lacks)) or langchain_folder().parent)
    sys.exit(any(lacks))
