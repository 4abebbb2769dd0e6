"""Everything as code: documents in a repository, compared with a gateway, applied to it, and written from it."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the commands."""
    from tollbridge_ascode.commands import apply, bring, diff, export

    register("apply", apply)
    register("diff", diff)
    register("export", export)
    register("import", bring)
