"""The program on a gateway whose store is on PostgreSQL."""

import json

import pytest
from tests.support.postgres import PASSWORD
from tests.support.requires import requires

from tollbridge.cli.app import run
from tollbridge.stores.versions import revisions

pytestmark = requires("postgres")

NEWEST = revisions()[-1]


@pytest.fixture
def database(postgres_server):
    name = postgres_server.make_database()
    yield name
    postgres_server.drop_database(name)


@pytest.fixture(params=["postgresql", "postgres"])
def tollbridge(request, postgres_server, database, tmp_path, monkeypatch, capsys):
    """Give `tollbridge(*arguments)`: its code and what it said, the password never."""
    url = postgres_server.url(database).replace("postgresql", request.param)
    config = tmp_path / "tollbridge.toml"
    config.write_text(f'[store]\nurl = "{url}"\n')
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        capsys.readouterr()
        code = run([*arguments, "--config", str(config)])
        out, err = capsys.readouterr()
        assert not any(part in out + err for part in (PASSWORD, "p%5Ba", "://"))
        return code, " ".join((out + err).split())

    return command


def test_database_is_told_filled_and_checked(tollbridge, database, tmp_path):
    assert tollbridge("db", "status") == (0, f"new; made at the first start, schema {NEWEST}")
    assert f"database new; made at the first start, schema {NEWEST}" in tollbridge("check")[1]
    assert tollbridge("db", "upgrade") == (0, f"schema {NEWEST}, up to date")
    code, said = tollbridge("db", "status", "--json")
    assert (code, json.loads(said)) == (0, {"state": "current", "current": NEWEST, "newest": NEWEST})
    assert f"✓ database schema {NEWEST}, up to date" in tollbridge("check")[1]
    assert not list(tmp_path.rglob("*.db"))


def test_token_is_made_listed_and_revoked(tollbridge):
    code, said = tollbridge("token", "create", "--name", "reporting", "--json")
    made = json.loads(said)

    assert code == 0
    assert tollbridge("token", "revoke", made["id"], "--yes")[0] == 0
    (listed,) = json.loads(tollbridge("token", "list", "--json", "--state", "revoked")[1])
    assert (listed["id"], listed["name"]) == (made["id"], "reporting")


def test_database_of_a_newer_program_is_an_error(tollbridge, postgres_server, database):
    tollbridge("db", "upgrade")
    postgres_server.run("UPDATE alembic_version SET version_num = '9999'", database)

    assert tollbridge("db", "status")[0] == tollbridge("check")[0] == 1
    code, said = tollbridge("db", "upgrade")
    assert code == 1
    assert f"database {database} has schema 9999 and this Tollbridge knows up to {NEWEST}" in said


def test_database_that_is_not_there_is_told_in_a_sentence(tollbridge, postgres_server, database):
    postgres_server.drop_database(database)

    for command in (("db", "status"), ("db", "upgrade"), ("token", "list")):
        code, said = tollbridge(*command)
        assert code == 1
        assert f"the PostgreSQL database {database} is not there; make it with createdb" in said
    assert "✗ database the PostgreSQL database" in tollbridge("check")[1]


def test_machine_with_another_pepper_or_none_is_refused_and_makes_none(tollbridge, tmp_path):
    assert tollbridge("token", "create", "--name", "reporting")[0] == 0
    data = tmp_path / ".tollbridge"
    pepper = (data / "pepper").read_text()
    (data / "pepper").unlink()

    for said in ("1 secret is hashed with the pepper 1, and", "is another one than the secrets of the database"):
        for words in (("token", "list"), ("token", "peppers"), ("check",)):
            code, shown = tollbridge(*words)
            assert (code, said in shown) == (1, True)
        (data / "pepper").touch(0o600)
        (data / "pepper").write_text(f"{'0123456789abcdef' * 4}\n")
    (data / "pepper").write_text(pepper)
    assert tollbridge("token", "list")[0] == 0


def test_machine_without_any_key_is_refused_and_makes_none(tollbridge, tmp_path):
    tollbridge("token", "create", "--name", "reporting")
    (tmp_path / ".tollbridge").rename(tmp_path / "elsewhere")

    for words in (("token", "list"), ("team", "list"), ("check",)):
        code, shown = tollbridge(*words)
        assert (code, "does not open: it was sealed with the key 1, and" in shown) == (1, True)

    assert not list((tmp_path / ".tollbridge").glob("*"))
