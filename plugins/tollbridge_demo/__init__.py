"""`tollbridge demo`: a real local model and a small real service behind one gateway, called once each."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl
from tollbridge_demo.command import demo


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    register("demo", demo)
