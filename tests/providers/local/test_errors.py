import signal

import pytest

from tollbridge_local.errors import explain


@pytest.mark.parametrize(
    ("status", "said", "reason", "expected"),
    [
        (
            1,
            ["E srv start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 80", "E srv init: exiting"],
            "Failed to init server, please check the input params.",
            "its port is in use; stop what uses it, or choose another with --port (E srv start: couldn't bind",
        ),
        (
            1,
            ["E ggml_aligned_malloc: insufficient memory (attempted to allocate 360.00 MB)", "failed to load model"],
            "",
            "there is not enough memory; free about 700 MB",
        ),
        (
            -signal.SIGABRT,
            ["terminate called after throwing an instance of 'std::bad_alloc'"],
            "",
            "there is not enough memory",
        ),
        (1, ["E gguf_init_from_file: failed to open GGUF file 'x'"], "", "run: tollbridge local install --again"),
        (-signal.SIGILL, [], "", "this processor lacks instructions the prebuilt engine uses; build xllamacpp"),
        (-signal.SIGKILL, [], "", "it was killed, most likely for want of memory; free about 700 MB"),
        (-signal.SIGSEGV, ["last"], "", "it was ended by signal 11 (Segmentation fault) (last)"),
        (-signal.SIGRTMIN, [], "", "it was ended by signal 34"),
        (None, [], "", "it did not answer in time"),
        (None, ["first", "last"], "", "it did not answer in time (last)"),
        (1, ["last"], "reason", "it ended with status 1 (reason)"),
    ],
)
def test_a_failed_start_is_one_sentence_that_says_what_to_do(status, said, reason, expected):
    sentence = str(explain(status, said, reason))

    assert sentence.startswith("the local model did not start: ")
    assert expected in sentence
    assert "\n" not in sentence
