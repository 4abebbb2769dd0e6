import sys

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tollbridge.browsing.assets import Assets


def package(folder, name, **held):
    static = folder / name / "static"
    static.mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    for file, text in held.items():
        (static / file.replace("_", ".")).write_text(text)
    return name


@pytest.fixture
def assets(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("assets_shared", "assets_own"):
        monkeypatch.delitem(sys.modules, name, raising=False)  # that of another test
    shared = package(tmp_path, "assets_shared", base_css="a{}", icon_svg="<svg/>", notes_txt="not served")
    own = package(tmp_path, "assets_own", base_css="b{}", live_js="1")
    return Assets(shared, own, mount="/sign-in")


async def served(assets, name):
    return await assets.serve(Request({"type": "http", "path_params": {"name": name}, "headers": []}))


async def test_file_is_named_after_its_content_and_kept_for_ever(assets):
    path = assets.path("live.js")

    answer = await served(assets, path.removeprefix("/sign-in/static/"))

    assert path.startswith("/sign-in/static/live.")
    assert (answer.body, answer.headers["content-type"]) == (b"1", "text/javascript; charset=utf-8")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert assets.has(path.removeprefix("/sign-in/static/"))
    assert not assets.has("live.js")


async def test_later_package_counts_and_what_is_no_asset_is_not_there(assets):
    answer = await served(assets, assets.path("base.css").rpartition("/")[2])

    assert answer.body == b"b{}"
    assert assets.path("icon.svg")
    for name in ("notes.txt", "base.js"):
        with pytest.raises(KeyError):
            assets.path(name)


@pytest.mark.parametrize("name", ["base.css", "live.0000000000000000.js", "../__init__.py", ""])
async def test_other_names_are_not_found(assets, name):
    with pytest.raises(HTTPException) as refused:
        await served(assets, name)

    assert refused.value.status_code == 404
