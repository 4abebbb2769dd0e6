"""Whether to wait for company: as long as more comes in each turn of the event loop."""


class Growth:
    """Watches a row of waiting ones grow, for `turns` turns at most."""

    __slots__ = ("_left", "_size", "_turns")

    def __init__(self, turns: int) -> None:
        self._turns = self._left = turns
        self._size = 0

    def goes_on(self, size: int) -> bool:
        """Whether there are several and more than a turn ago; where not, the next question is the first again."""
        if size > 1 and size > self._size and self._left:
            self._size = size
            self._left -= 1
            return True
        self._size, self._left = 0, self._turns
        return False
