"""Whoever may run commands on the machine: nothing bounds them, and the audit log has them by their user's name."""

import getpass

from tollbridge.audit import OPERATOR, Actor


def operator() -> Actor:
    """Give the user of this process, as the audit log has them: `operator:ada`, by way of `cli`."""
    try:
        return Actor(f"{OPERATOR.id}:{getpass.getuser()}", "cli")
    except (KeyError, OSError):  # a user without a name, as in some containers
        return Actor(OPERATOR.id, "cli")
