"""The `tollbridge` program.

Exit codes: 0 done, 1 something is wrong and the message says what, 2 wrong usage, 3 what was named does not exist,
130 interrupted. Modules are imported when their command runs, so that `--help` stays quick.
"""

import gc
import sys

_SELDOM = 50_000
"""Objects made before the next look for cycles: what is imported has next to none, and is looked through in vain."""


def main() -> None:
    """Run the program."""
    gc.set_threshold(_SELDOM, 20, 100)
    from tollbridge.cli.app import run  # typer is imported for a command only, not with the package

    sys.exit(run(sys.argv[1:]))
