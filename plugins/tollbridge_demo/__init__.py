"""`tollbridge demo`: a real local model and small real services behind one gateway, called once each."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl
from tollbridge_demo.command import begin_with, demo


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    register("demo", demo)
    register("starter", begin_with)
