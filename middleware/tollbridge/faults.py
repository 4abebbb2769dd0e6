"""What went wrong and where, in two texts for a log.

A log that prints an exception by itself may show the lines of source and the values of variables, and so tokens and
prompts: structlog's own does where nobody has set it up.
"""

from types import TracebackType

from tollbridge.redaction import described

_DEEPEST_TRACE = 30
_MOST_CAUSES = 8


def told(exc: BaseException) -> dict[str, str]:
    """Give `exception`, types and messages, and `traceback`, the calls that led there; then the same of its causes."""
    causes = _causes(exc)
    return {
        "exception": " <- ".join(described(cause) for cause in causes),
        "traceback": " <- ".join(_places(cause.__traceback__) for cause in causes),
    }


def _causes(exc: BaseException) -> list[BaseException]:
    """List an exception, then what it came from; of a group, its members."""
    found: list[BaseException] = []
    waiting = [exc]
    while waiting and len(found) < _MOST_CAUSES:
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        earlier = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if earlier is not None:
            waiting.append(earlier)
    return found


def _places(traceback: TracebackType | None) -> str:
    """Give the calls that led to an exception, innermost first."""
    places = []
    while traceback is not None:
        frame = traceback.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno} {frame.f_code.co_qualname}")
        traceback = traceback.tb_next
    places.reverse()
    more = len(places) - _DEEPEST_TRACE
    return ", ".join(places[:_DEEPEST_TRACE]) + (f", and {more} more" if more > 0 else "")
