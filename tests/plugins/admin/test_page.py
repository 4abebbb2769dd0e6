"""What docs/admin-api.md says is so: its examples run, and its table is that of the routes."""

import re
import shlex
from typing import Any

import httpx2
from tests.plugins.admin.conftest import BASE, Admin
from tests.support.sources import ROOT

from tollbridge_admin import bodies
from tollbridge_admin.app import make_table
from tollbridge_admin.paging import LARGEST_PAGE
from tollbridge_admin.repeats import KEEP_S, LEASE_S
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, ANYBODY

PAGE = (ROOT / "docs" / "admin-api.md").read_text("utf-8")
EXAMPLES = [text for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) if "curl" in text]


async def run(admin: Admin, example: str, id: str) -> httpx2.Response:
    """Do what a curl command would."""
    text = example.replace("$BASE", BASE).replace("$TOKEN", admin.secret).replace("$ID", id)
    words = shlex.split(text.replace("\\\n", " "))
    assert words[0] == "curl"
    options: dict[str, list[str]] = {"-X": [], "-H": [], "-d": []}
    urls = []
    rest = iter(words[1:])
    for word in rest:
        if word in options:
            options[word].append(next(rest))
        else:
            urls.append(word)
    headers = dict(line.split(": ", 1) for line in options["-H"])
    assert "Authorization" in headers
    return await admin.under.request(
        options["-X"][0], *urls, token="", headers=headers, content="".join(options["-d"]).encode()
    )


async def test_examples_run_one_after_the_other(admin: Admin) -> None:
    replies: list[Any] = []
    for example in EXAMPLES:
        replies.append(await run(admin, example, replies[0].json()["id"] if replies else ""))

    assert [reply.status_code for reply in replies] == [201, 200, 200]
    made, changed, rotated = (reply.json() for reply in replies)
    assert made["budget"] == {"usd": "25", "period": "month"}
    assert (changed["budget"], changed["expires_at"]) == ({"usd": "50", "period": "month"}, "2027-01-01T00:00:00Z")
    assert rotated["token"] not in ("", made["token"])


async def test_table_is_that_of_the_routes(admin: Admin) -> None:
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)

    unscoped = (ANY_TOKEN, ANY_OR_NONE, ANYBODY)
    assert rows == [
        (one.method, one.path, one.scope if one.scope in unscoped else f"`{one.scope}`", one.summary)
        for one in make_table(admin.under.gateway).routes
    ]


def test_bounds_of_the_page_are_those_of_the_code() -> None:
    for said in (
        f"over {bodies.LARGEST // 1024} KiB",
        f"nested {bodies.DEEPEST} levels deep",
        f"within {bodies.PATIENCE_S:g} s",
        f"`limit` is 1 to {LARGEST_PAGE}",
        f"kept for {KEEP_S / 3600:g} hours",
    ):
        assert said in PAGE
    assert LEASE_S == 60
    assert "free after a minute" in PAGE


def test_every_code_of_the_api_is_on_the_page() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "plugins" / "tollbridge_admin").glob("*.py"))
    codes = {*re.findall(r'code="(\w+)"', sources), *re.findall(r'code(?:, retry)? = \d+, "(\w+)"', sources)}

    assert len(codes) >= 10
    assert codes <= set(re.findall(r"`(\w+)`", PAGE))
