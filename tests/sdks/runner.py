"""One SDK in a process of its own, so that its warnings, threads and event loops are not the tests'."""

import json
import os
import select
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.sdks.install import SDKS

HERE = Path(__file__).parent
PATIENCE_S = 90.0


class Runner:
    """Carries out calls with an SDK; `command` is a file below this folder and what it is told."""

    def __init__(self, command: tuple[str, ...]) -> None:
        path = HERE / command[0]
        program = [sys.executable, "-W", "ignore"] if path.suffix == ".py" else ["node"]
        keyless = {key: value for key, value in os.environ.items() if not key.endswith(("_API_KEY", "_BASE_URL"))}
        self._process = subprocess.Popen(
            [*program, str(path), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**keyless, SDKS.variable: str(SDKS.folder()), "NO_PROXY": "127.0.0.1"},
        )
        self._errors: list[str] = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors += self._process.stderr

    def call(self, do: str, *, base: str, token: str, model: str) -> dict[str, Any]:
        """Carry out one call and say what came; raises `AssertionError` where the SDK's process ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, "base": base, "token": token, "model": model}) + "\n")
            self._process.stdin.flush()
        answered, _, _ = select.select([self._process.stdout], [], [], PATIENCE_S)
        if not answered:
            self._process.kill()
        line = self._process.stdout.readline()
        assert line, "the SDK's process ended: " + "".join(self._errors)[-3000:]
        found: dict[str, Any] = json.loads(line)
        return found

    def leave(self) -> None:
        """Give no more tasks, so that the process ends by itself."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def close(self) -> None:
        """End the process."""
        self.leave()
        assert self._process.stdout is not None
        self._process.stdout.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)
        assert self._process.stderr is not None
        self._process.stderr.close()
