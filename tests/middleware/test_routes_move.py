from tollbridge.auth import Bearer
from tollbridge.config import load_config
from tollbridge.formats.dialect import Dialect
from tollbridge.providers import Provider
from tollbridge.routes import ModelRoutes


class Chat:
    name = base = "openai-chat"


def routes(**config):
    dialect: Dialect = Chat()
    providers = {
        "here": Provider("here", base_url="http://127.0.0.1:0/v1", auth=Bearer(), allow_private=True),
        "there": Provider("there", base_url="https://there.example/v1", allow_private=True),
    }
    given = {"providers": {"here": {}, "there": {}}, **config}
    return ModelRoutes(
        load_config(given, {}), providers, {"openai-chat": dialect}, env={}, read_key=lambda reference, where: ""
    )


def test_a_moved_provider_is_reached_at_its_new_place_with_its_new_key_by_every_name():
    found = routes(models={"small": {"targets": ["here/m"]}})

    found.move("here", {"openai-chat": "http://127.0.0.1:4711/v1"}, key="k")

    for name in ("small", "here/m"):
        (target,) = found.resolve(name)
        assert target.base_urls == {"openai-chat": "http://127.0.0.1:4711/v1"}
        assert target.headers == ((b"authorization", b"Bearer k"),)
        assert (target.model, target.allow_private) == ("m", True)


def test_other_providers_stay_where_they_are():
    found = routes(models={"both": {"targets": ["there/m", "here/m"]}})
    before = found.resolve("both")

    found.move("here", {"openai-chat": "http://127.0.0.1:4711/v1"})

    there, here = found.resolve("both")
    assert there == before[0]
    assert (here.model, here.headers) == ("m", ())
    assert here.base_urls != before[1].base_urls
