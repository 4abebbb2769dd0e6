"""Puts the JavaScript SDKs into a cache folder: `python -m tests.sdks.install`, with node 20 or newer and npm.

`TOLLBRIDGE_NODE_SDKS` names another folder.
"""

from pathlib import Path

from tests.support.npm import Packages

SDKS = Packages(
    "node-sdks", "the JavaScript SDKs", "tests.sdks.install", "TOLLBRIDGE_NODE_SDKS", Path(__file__).parent / "js"
)

if __name__ == "__main__":
    SDKS.main()
