"""What goes wrong with a model server, in one sentence that says what to do."""

import re
import signal
from collections.abc import Sequence

from tollbridge import SetupError

ENGINE_MISSING = (
    "the local model needs xllamacpp, which is not installed; run: pip install 'tollbridge[local]' "
    "(in a checkout: pip install '.[local]')"
)


class LocalModelError(SetupError):
    """The local model cannot run."""


_SIGNALS: dict[int, str] = {
    signal.SIGILL: "this processor lacks instructions the prebuilt engine uses; build xllamacpp on this machine with: "
    "pip install --no-binary xllamacpp xllamacpp",
    signal.SIGKILL: "it was killed, most likely for want of memory; free about 700 MB, or ask for a smaller context",
}
_REASONS = (
    (re.compile(r"couldn't bind"), "its port is in use; stop what uses it, or choose another with --port"),
    (
        re.compile(r"alloc|out of memory|Resource temporarily unavailable", re.IGNORECASE),
        "there is not enough memory; free about 700 MB, or ask for a smaller context",
    ),
    (
        re.compile(r"failed to load model|failed to open|invalid magic", re.IGNORECASE),
        "its weights cannot be read; run: tollbridge local install --again",
    ),
)


def explain(status: int | None, said: Sequence[str], reason: str = "") -> LocalModelError:
    """Say why a model server did not start.

    `status` is its exit status (negative: the signal), None while it runs; `said` are the last lines of its log and
    `reason` what it said itself.
    """
    for line in (*said, reason):
        for pattern, sentence in _REASONS:
            if pattern.search(line):
                return _error(sentence, line)
    last = reason or (said[-1] if said else "")
    if status is None:
        return _error("it did not answer in time", last)
    if status < 0:
        name = signal.strsignal(-status) or "unknown"
        return _error(_SIGNALS.get(-status, f"it was ended by signal {-status} ({name})"), last)
    return _error(f"it ended with status {status}", last)


def _error(sentence: str, last: str) -> LocalModelError:
    words = f" ({last.strip()})" if last.strip() else ""
    return LocalModelError(f"the local model did not start: {sentence}{words}")
