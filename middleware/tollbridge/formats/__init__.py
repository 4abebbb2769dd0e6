"""Wire formats: what the core asks of a dialect, and the tools a dialect is made of."""

from tollbridge.formats.dialect import AnswerReader, CostLine, Dialect, Envelope, ModelEntry, Operation
from tollbridge.formats.jsonedit import members, replace_model, splice
from tollbridge.formats.sse import EventCutter, event_data, event_name, split_events, write_event
from tollbridge.formats.whole import WholeReader

__all__ = [
    "AnswerReader",
    "CostLine",
    "Dialect",
    "Envelope",
    "EventCutter",
    "ModelEntry",
    "Operation",
    "WholeReader",
    "event_data",
    "event_name",
    "members",
    "replace_model",
    "splice",
    "split_events",
    "write_event",
]
