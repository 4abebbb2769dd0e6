"""Starts that fail, one after another in one process: a process for each takes longer than the start."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60
_PROGRAM = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from tollbridge.cli.app import run

for line in sys.stdin:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run(json.loads(line))
    print(json.dumps([code, said.getvalue()]), flush=True)
"""

Try = Callable[..., tuple[int, str]]
"""Starts a gateway in a folder, with a configuration and more options; gives its code and all it said."""


@contextmanager
def starts(env: dict[str, str]) -> Iterator[Try]:
    """Give what starts gateways.  A start that gets as far as a server fails the test, and so do those after it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        env={**os.environ, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def attempt(folder: Path, config: str, *more: str) -> tuple[int, str]:
        path = folder / "tollbridge.toml"
        path.write_text(config)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(["serve", "--port", "0", "--config", str(path), *more]) + "\n")
        process.stdin.flush()
        assert select.select([process.stdout], [], [], PATIENCE_S)[0], "the gateway started"
        code, said = json.loads(process.stdout.readline())
        return code, said

    with process:
        try:
            yield attempt
        finally:
            process.kill()
