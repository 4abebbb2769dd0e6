"""Puts independent issuers into a cache folder: `python -m tests.plugins.jwt.install`, with node 20 or newer and npm.

`TOLLBRIDGE_NODE_OIDC` names another folder.
"""

from pathlib import Path

from tests.support.npm import Packages

ISSUERS = Packages(
    "node-oidc",
    "the issuers",
    "tests.plugins.jwt.install",
    "TOLLBRIDGE_NODE_OIDC",
    Path(__file__).parent / "node",
    ("package.json", "package-lock.json", "provider.mjs", "mock.mjs", "people.mjs"),
)

if __name__ == "__main__":
    ISSUERS.main()
