"""How samples and set-ups are run: as whole programs, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.sdks.install import SDKS

from tollbridge_portal.samples import Sample

TIMEOUT_S = 120
TOKEN = "PORTAL_TOKEN"
"""The environment variable that samples of tests read."""

NEEDS = {
    "curl": "curl",
    "python-openai": "python-sdks",
    "python-anthropic": "python-sdks",
    "python-httpx2": "",
    "javascript-openai": "node-sdks",
    "javascript-anthropic": "node-sdks",
    "javascript-fetch": "node-sdks",
    "go": "go",
    "java": "java",
    "csharp": "mono",
}
"""What each sample needs from the machine; see tests/support/requires.py."""

_KEPT = ("PATH", "HOME", "TMPDIR", "GOCACHE", "XDG_CACHE_HOME", "PYTHONPATH")


def environment(**more: str) -> dict[str, str]:
    """Give a small environment in UTF-8, without the keys and addresses that the machine may have."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "NO_PROXY": "127.0.0.1", **more}


def run(command: list[str], folder: Path, **env: str) -> str:
    """Run a program to its end and give what it printed; its failure fails the test with what it said."""
    done = subprocess.run(
        command, cwd=folder, env=environment(**env), capture_output=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode("utf-8")


def run_sample(sample: Sample, folder: Path, token: str) -> str:
    """Write a sample into a folder and run it as its `run` says; gives what it printed."""
    written = folder / sample.file_name
    written.write_text(sample.code, "utf-8")
    if sample.language == "javascript":
        packages = folder / "node_modules"
        if not packages.exists():
            packages.symlink_to(SDKS.folder() / "node_modules")
    command = sample.run.split()
    if sample.language == "python":
        command[0] = sys.executable
    elif sample.language == "java":
        command[1:1] = ["-Dfile.encoding=UTF-8", "-XX:TieredStopAtLevel=1"]  # before Java 18 it is not so by itself
    elif sample.language == "csharp":  # .NET is in no Debian: Mono has a compiler of the same language
        compile_csharp(written, folder)
        command = ["mono", str(folder / "sample.exe")]
    return run(command, folder, **{TOKEN: token})


def compile_csharp(written: Path, folder: Path) -> None:
    """Compile with Mono's compiler.  It begins no program with an asynchronous `Main`, so an entry stands beside it."""
    entry = folder / "Entry.cs"
    entry.write_text("class Entry { static void Main() { Sample.Main().GetAwaiter().GetResult(); } }\n")
    options = ["-main:Entry", "-warnaserror", "-nowarn:28", "-r:System.Net.Http.dll", f"-out:{folder / 'sample.exe'}"]
    run(["mcs", *options, str(written), str(entry)], folder)
