"""The model server's own process: llama.cpp's HTTP server from the xllamacpp wheel.

Run by its path and importing nothing of ours, so that it stays small. Its settings, with the key, come as one JSON line
on standard input, because arguments and environment are shown by `ps`; it ends when that input does. It answers with
one JSON line on standard output, `url` or `problem`; everything else it says goes to standard error.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
from typing import Any, TextIO

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Serve until standard input ends; gives the exit status."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the engine may print
    settings = json.loads(sys.stdin.readline())
    _die_with(settings["parent"])
    watch = threading.Thread(target=_leave_with_input, daemon=True)
    watch.start()
    try:
        engine = importlib.import_module("xllamacpp")
        params = _params(engine, settings)
    except (ImportError, AttributeError) as exc:
        return _tell(answer, problem="engine", reason=str(exc))
    try:
        server = engine.Server(params)
    except (RuntimeError, MemoryError) as exc:
        return _tell(answer, problem="start", reason=str(exc))
    _tell(answer, url=server.listening_address)
    watch.join()
    return 0


def _params(engine: Any, settings: dict[str, Any]) -> Any:
    """Set up one model for chat, completions and embeddings, on one loopback address, with nothing else around it."""
    slots = settings["slots"]
    params = engine.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["name"]}
    params.hostnames = [settings["host"]]
    params.port = settings["port"]
    params.api_keys = [settings["key"]]
    params.n_ctx = settings["context"] * slots
    params.n_parallel = slots
    params.n_batch = params.n_ubatch = settings["batch"]  # an input to embed must fit into one batch
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.n_threads_http = settings["connections"]
    params.embedding = True
    params.pooling_type = engine.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.use_jinja = True
    params.cache_ram_mib = 0  # else prompts are kept in up to 8 GiB of memory
    params.cache_idle_slots = False
    params.fit_params = False
    params.offline = True
    params.ui = params.endpoint_slots = False
    params.cors_origins = ""  # the default lets any web page of this machine's browser ask
    params.cors_credentials = False
    params.verbosity = 1  # errors
    return params


def _die_with(parent: int) -> None:
    """On Linux, be killed when the parent dies, however it dies; elsewhere the end of standard input says it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _leave_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _tell(answer: TextIO, **said: str) -> int:
    with answer:
        json.dump(said, answer)
        answer.write("\n")
    return 1


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)
