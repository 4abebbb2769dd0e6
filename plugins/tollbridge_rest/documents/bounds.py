"""How much of a document is read, and the one way in which one is refused."""

from tollbridge import BadRequest

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of a document's text.  GitHub's own was 13.0 MB in 258,000 nodes (@octokit/openapi 23.0.2, read 2026-11)."""
MAX_NODES = 500_000
"""Values in it, when each alias of YAML stands for what it names."""
MAX_CHARACTERS = 4 * MAX_BYTES
"""Characters of all its texts, counted in the same way."""
MAX_DEPTH = 100
"""Levels of it.  GitHub's has 22."""
MAX_HOPS = 50
"""References that lead to references."""
SHOWN = 100
"""Characters of a foreign text that a sentence repeats."""


class BadDocument(BadRequest):
    """An OpenAPI document cannot be used.  `param` is where, with slashes."""

    status, code = 422, "invalid_document"


def shown(text: object) -> str:
    """Show a text of the document's in a sentence, shortened."""
    plain = str(text)
    return repr(plain if len(plain) <= SHOWN else plain[:SHOWN] + "…")
