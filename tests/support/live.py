"""A gateway in a process of its own, on a free port."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Self

from tests.support.eavesdropping import KEY, secrets_in

from tollbridge.cli.app import run
from tollbridge.testing.blank import lay_database

TIMEOUT_S = 60
LOUD = {"TOLLBRIDGE_LOGGING__LEVEL": "debug"}


class LiveGateway:
    """`tollbridge serve` with a configuration, until the `with` block ends.

    `output` collects what the process prints, standard output and error together, at the loudest level unless the
    configuration is a test's own in that. At the end it is looked through for secrets (T30). Its database is laid where
    it looks for one by default, for most tests are not about a first start; `fresh`: it makes its own.
    """

    def __init__(
        self, folder: Path, config: str, *, workers: int = 1, env: dict[str, str] | None = None, fresh: bool = False
    ) -> None:
        self.folder = folder
        if not fresh:
            lay_database(folder / ".tollbridge" / "tollbridge.db")
        self.config = folder / "tollbridge.toml"
        self.config.write_text(config)
        self.env = {**LOUD, **os.environ, "MOCK_KEY": KEY, "PYTHONUNBUFFERED": "1", **(env or {})}
        self._workers = workers
        self.output: list[str] = []
        self.url = ""

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another command of the program on the same configuration."""
        return subprocess.run(
            [sys.executable, "-m", "tollbridge", *arguments, "--config", str(self.config)],
            env=self.env,
            capture_output=True,
            text=True,
            check=check,
            timeout=TIMEOUT_S,
        )

    def token(self, *arguments: str) -> dict[str, Any]:
        """Make a token as the program does, without a process of its own; gives what `--json` prints."""
        command = ["token", "create", "--name", "live", "--json", *arguments, "--config", str(self.config)]
        with redirect_stdout(io.StringIO()) as said, ThreadPoolExecutor(1) as thread:  # here a loop may be running
            assert thread.submit(run, command).result() == 0
        found: dict[str, Any] = json.loads(said.getvalue())
        return found

    def command(self) -> list[str]:
        """Say what starts it."""
        serve = ["tollbridge", "serve", "--port", "0", "--workers", str(self._workers)]
        return [sys.executable, "-m", *serve, "--config", str(self.config)]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command(),
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(TIMEOUT_S) or not self.url:
            self.stop()
            raise AssertionError("the gateway did not start:\n" + "".join(self.output))
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            found = re.search(r"(?:listening|running on|Listening at:) +(http://\S+)", line)
            if found:
                self.url = found[1]
                self._listening.set()
        self._listening.set()

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it and give its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            status = self.process.wait()
        self._reader.join(TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        self.stop()
        if kind is None:
            said = [line for line in self.output if secrets_in(line)]
            assert said == [], "the gateway printed a secret"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def text(self) -> str:
        """Everything it printed so far."""
        return "".join(self.output)


def mock_config(upstream: str, more: str = "") -> str:
    """Give a configuration with one provider at `upstream` (its `/v1`), and `more` sections."""
    return f"""
[providers.mock]
base_url = "{upstream}/v1"
dialect = "openai-chat"
api_key = "env:MOCK_KEY"
allow_private = true
[models."gpt-4o-mini"]
targets = ["mock/gpt-4o-mini"]
price = {{ input = "0.15", output = "0.60" }}
[logging]
format = "json"
{more}
"""
