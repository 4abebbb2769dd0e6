"""JSON pointers (RFC 6901): where in a value something is set or removed.  Pure."""

from itertools import pairwise
from typing import Any

_MOST_STEPS = 64


def read_pointer(text: str) -> tuple[str, ...]:
    """Read a pointer; raises `ValueError`.  The empty one is the whole value."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError(f"{text[:100]!r} is no JSON pointer: it begins with '/' (RFC 6901 section 3)")
    steps = text.split("/")[1:]
    if len(steps) > _MOST_STEPS:
        raise ValueError(f"the pointer is longer than {_MOST_STEPS} steps")
    return tuple(map(_unescape, steps))


def put(value: Any, pointer: tuple[str, ...], new: Any) -> Any:
    """Give the value with `new` there; objects on the way are made where nothing is.  Changes `value` itself.

    In a list the step is a place that there is, or `-` behind the last. Raises `ValueError` where the way leads through
    something that has no members.
    """
    if not pointer:
        return new
    at = value
    for step, after in pairwise(pointer):
        at = _down(at, step, new=[] if after == "-" else {})
    last = pointer[-1]
    if isinstance(at, dict):
        at[last] = new
    elif isinstance(at, list):
        if last == "-":
            at.append(new)
        else:
            at[_index(at, last)] = new
    else:
        raise _no_way(last)
    return value


def drop(value: Any, pointer: tuple[str, ...]) -> Any:
    """Give the value without what is there; where nothing is, as it was.  Changes `value` itself."""
    if not pointer:
        return None
    at = value
    for step in pointer[:-1]:
        try:
            at = _down(at, step)
        except ValueError:
            return value
    last = pointer[-1]
    if isinstance(at, dict):
        at.pop(last, None)
    elif isinstance(at, list) and _is_index(at, last):
        del at[int(last)]
    return value


def _down(at: Any, step: str, new: Any = None) -> Any:
    """Give what is there, or `new` once it is put where nothing is."""
    if isinstance(at, dict):
        if step not in at and new is not None:
            at[step] = new
        if step in at:
            return at[step]
    elif isinstance(at, list):
        if step == "-" and new is not None:
            at.append(new)
            return new
        return at[_index(at, step)]
    raise _no_way(step)


def _is_index(at: list[Any], step: str) -> bool:
    """Whether it is a place of a list, in the one way it is written (RFC 6901 section 4)."""
    plain = step.isascii() and step.isdigit() and len(step) < 10 and (step == "0" or step[0] != "0")
    return plain and int(step) < len(at)


def _index(at: list[Any], step: str) -> int:
    if not _is_index(at, step):
        raise ValueError(f"the list has no place {step[:40]!r}")
    return int(step)


def _no_way(step: str) -> ValueError:
    return ValueError(f"there is no object or list to find {step[:40]!r} in")


def _unescape(step: str) -> str:
    plain = step.replace("~1", "").replace("~0", "")
    if "~" in plain:
        raise ValueError(f"{step[:100]!r} holds a '~' that is neither '~0' nor '~1' (RFC 6901 section 3)")
    return step.replace("~1", "/").replace("~0", "~")
