"""Puts the official MCP clients for TypeScript into a cache folder: `python -m tests.plugins.mcp.install`.

It takes node 20 or newer and npm; `TOLLBRIDGE_NODE_MCP` names another folder.
"""

from pathlib import Path

from tests.support.npm import Packages

CLIENTS = Packages(
    "node-mcp",
    "the MCP clients",
    "tests.plugins.mcp.install",
    "TOLLBRIDGE_NODE_MCP",
    Path(__file__).parent / "node",
    ("package.json", "package-lock.json", "client.mjs"),
)

if __name__ == "__main__":
    CLIENTS.main()
