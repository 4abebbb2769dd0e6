"""Reading Converse streams as they pass: frames go through unchanged, only usage is looked at."""

from tollbridge import GatewayError, Usage
from tollbridge.formats import UNREADABLE, CostLine, object_in, splice
from tollbridge_bedrock.frames import Frame, FrameCutter
from tollbridge_bedrock.usage import begins_search, event_usage


class StreamReader:
    """Reads a stream of frames.

    It is whole with `messageStop`, behind which `metadata` tells the usage. `cost`, where given, is written beside it.
    """

    def __init__(self, *, cost: CostLine | None = None) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self._cost = cost
        self._stopped = False
        self._searches = 0
        self._cutter = FrameCutter()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes; raises `UpstreamError` for what is no frame."""
        if not chunk:
            self.finished = self._stopped and not self.failed and not self._cutter.torn
            return []
        return [self._passed(frame) for frame in self._cutter.feed(chunk)]

    def _passed(self, frame: Frame) -> bytes:
        name = frame.name
        if frame.kind != "event":
            self.failed = True
        elif name == "contentBlockDelta":
            self.pieces += 1
        elif name == "contentBlockStart":
            self._searches += begins_search(frame.payload)
        elif name == "messageStop":
            self._stopped = True
        elif name == "metadata":
            return self._told(frame)
        return frame.raw

    def _told(self, frame: Frame) -> bytes:
        try:
            usage = event_usage(frame.payload, self._searches)
        except UNREADABLE:
            return frame.raw
        if usage is None:
            return frame.raw
        self.usage = usage
        cost = self._cost(usage) if self._cost is not None else None
        if cost is None:
            return frame.raw
        try:
            priced = splice(object_in(frame.payload, "usage"), {"cost": cost.encode("ascii")})
            return frame.with_payload(splice(frame.payload, {"usage": priced}))
        except GatewayError:
            return frame.raw
