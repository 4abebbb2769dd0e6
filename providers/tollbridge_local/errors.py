"""What goes wrong with a model server, in one sentence that says what to do."""

import re
import signal
from collections.abc import Sequence

from tollbridge import SetupError

ENGINE_MISSING = "the local model needs xllamacpp, which is not installed; run: pip install 'tollbridge[local]'"


class LocalModelError(SetupError):
    """The local model cannot run."""


_SIGNALS = {
    signal.SIGILL: "this processor lacks instructions the prebuilt engine uses; build xllamacpp on this machine with: "
    "pip install --no-binary xllamacpp xllamacpp",
    signal.SIGKILL: "it was killed, most likely for want of memory; free about 600 MB, or ask for a smaller context",
}
_REASONS = (
    (re.compile(r"couldn't bind"), "its port is in use; stop what uses it, or choose another with --port"),
    (
        re.compile(r"alloc|out of memory|cannot allocate", re.IGNORECASE),
        "there is not enough memory; free about 600 MB, or ask for a smaller context",
    ),
    (
        re.compile(r"failed to (?:load model|open)|invalid magic|tensor .* not found", re.IGNORECASE),
        "its weights cannot be read; run: tollbridge local install --again",
    ),
)


def explain(status: int | None, said: Sequence[str], reason: str = "") -> LocalModelError:
    """Say why a model server did not start.

    `status` is its exit status (negative: the signal), None while it runs; `said` are the last lines of its log and
    `reason` what it said itself.
    """
    for line in (reason, *said):
        for pattern, sentence in _REASONS:
            if pattern.search(line):
                return LocalModelError(f"the local model did not start: {sentence} ({line.strip()})")
    if status is not None and status < 0:
        name = signal.Signals(-status)
        sentence = _SIGNALS.get(name, f"it was ended by {name.name}")
        return LocalModelError(f"the local model did not start: {sentence}")
    if reason:
        return LocalModelError(f"the local model did not start: {reason}")
    last = f"; its last words: {said[-1].strip()}" if said else ""
    ended = f"it ended with status {status}" if status is not None else "it did not answer in time"
    return LocalModelError(f"the local model did not start: {ended}{last}")
