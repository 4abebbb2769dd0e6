from tests.plugins.jwt import install


def test_folder_is_another_one_for_other_versions(monkeypatch, tmp_path):
    monkeypatch.delenv(install.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = install.folder()
    for name in install.FILES:
        (tmp_path / name).write_text((install.HERE / name).read_text() + " ")
    monkeypatch.setattr(install, "HERE", tmp_path)

    assert before.parent == install.folder().parent == tmp_path / "tollbridge"
    assert before != install.folder()


def test_what_is_not_installed_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv(install.VARIABLE, str(tmp_path))
    monkeypatch.setattr(install.shutil, "which", lambda _: "/usr/bin/node")

    assert "python -m tests.plugins.jwt.install" in install.lack()


def test_missing_program_is_named_first(monkeypatch):
    monkeypatch.setattr(install.shutil, "which", lambda _: None)

    assert install.lack() == "no node; apt-get install nodejs npm"
