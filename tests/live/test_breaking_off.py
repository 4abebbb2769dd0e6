"""A plain answer that breaks off within its body, under each server: whoever reads it can tell that it is not whole."""

import sys
from pathlib import Path

import httpx2
import pytest
from tests.support.live import LiveGateway
from tests.support.servers import SERVERS, UnderGranian, UnderH11, UnderUvicorn

APP = "tests.support.breakingoff:make_app"


class Ours(LiveGateway):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.support.breakingoff"]


class Uvicorn(UnderUvicorn):
    app = APP


class H11(UnderH11):
    app = APP


class Granian(UnderGranian):
    app = APP


BREAKING: dict[str, type[LiveGateway]] = {"ours": Ours, "httptools": Uvicorn, "h11": H11, "granian": Granian}


@pytest.mark.parametrize("server", SERVERS)
def test_client_is_told_that_an_answer_which_broke_off_is_not_whole(server: str, tmp_path: Path) -> None:
    with (
        BREAKING[server](tmp_path, "") as live,
        httpx2.Client(trust_env=False, timeout=30) as client,
        client.stream("GET", f"http://127.0.0.1:{live.port}/x") as answer,
    ):
        pieces = answer.iter_raw()

        assert answer.status_code == 200
        assert next(pieces) == b"first"
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending complete message body"):
            next(pieces)
