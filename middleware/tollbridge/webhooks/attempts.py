"""What became of sending one message, once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt, in a word: `delivered`, or why not.

    `asked_s` is how long the receiver asked to wait. `gone`: it wants no more. `busy`: it did not answer, or has too
    much to do, so that others need not be tried now.
    """

    outcome: str
    asked_s: float = 0.0
    gone: bool = False
    busy: bool = False
