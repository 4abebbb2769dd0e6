"""Ids of tool calls, which Gemini need not give."""

from collections import OrderedDict

from tollbridge.formats import new_call_id


class CallIds:
    """Gives ids to tool calls that have none, and finds the call that a result without an id belongs to: by name."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._made = 0
        self._waiting: dict[str, OrderedDict[str, int]] = {}
        """By name, how many calls of each id have no result yet; a plain dict finds its first key slowly."""

    def call(self, id_: str | None, name: str) -> str:
        """Give the id of a call."""
        id_ = id_ or self._new()
        waiting = self._waiting.setdefault(name, OrderedDict())
        waiting[id_] = waiting.get(id_, 0) + 1
        return id_

    def result(self, id_: str | None, name: str) -> str:
        """Give the id of the call that a result answers, a new one where nothing was called."""
        waiting = self._waiting.get(name, OrderedDict())
        id_ = id_ or next(iter(waiting), None) or self._new()
        if id_ in waiting:
            waiting[id_] -= 1
            if not waiting[id_]:
                del waiting[id_]
        return id_

    def _new(self) -> str:
        self._made += 1
        return new_call_id(self._call_id, self._made - 1)
