"""Independent issuers in processes of their own: `oidc-provider` and `oauth2-mock-server`, by node."""

import json
import re
import subprocess
from typing import Any, Self

from tests.plugins.jwt.install import ISSUERS

TIMEOUT_S = 30


class NodeIssuer:
    """A script of `tests/plugins/jwt/node`, until the `with` block ends.  `url` is its issuer."""

    def __init__(self, script: str) -> None:
        self._script = script
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "--no-warnings", self._script],
            cwd=ISSUERS.folder(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.match(r"listening (http://\S+)", line):
                self.url = found[1]
                return self
        raise AssertionError(f"{self._script} ended with {self._process.wait(TIMEOUT_S)} before it served")

    def tell(self, **said: Any) -> None:
        """Tell the script something, and wait until it has done it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait(TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
