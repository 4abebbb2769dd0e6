"""Whoever may run commands on the machine: nothing bounds them, and the audit log has them by their user's name.

The system says who they are. LOGNAME and USER are what somebody set them to.
"""

import os
import pwd
import re

from tollbridge.audit import OPERATOR, Actor

_ROOT = 0
_USER_ID = re.compile("[1-9][0-9]{0,9}")


def operator() -> Actor:
    """Give the real user of this process, as the audit log has them: `operator:ada`, by way of `cli`.

    One without a name, as in some containers, is there by number. Root by way of sudo is `operator:root/ada`: SUDO_UID
    is believed of root alone, who could write whatever they like.
    """
    user = os.getuid()
    name, before = _name(user), os.environ.get("SUDO_UID", "")
    if user == _ROOT and _USER_ID.fullmatch(before):
        name = f"{name}/{_name(int(before))}"
    return Actor(f"{OPERATOR.id}:{name}", "cli")


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
