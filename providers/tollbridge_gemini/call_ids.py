"""Ids of tool calls, which Gemini need not give."""

from tollbridge.formats import new_call_id


class CallIds:
    """Gives ids to tool calls that have none, and finds the call that a result without an id belongs to: by name."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._made = 0
        self._waiting: dict[str, list[str]] = {}

    def call(self, id_: str | None, name: str) -> str:
        """Give the id of a call."""
        if not id_:
            id_ = new_call_id(self._call_id, self._made)
            self._made += 1
        self._waiting.setdefault(name, []).append(id_)
        return id_

    def result(self, id_: str | None, name: str) -> str:
        """Give the id of the call that a result answers."""
        waiting = self._waiting.get(name, [])
        if id_:
            if id_ in waiting:
                waiting.remove(id_)
            return id_
        return waiting.pop(0) if waiting else self.call(None, "")
