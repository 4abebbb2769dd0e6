"""What goes along to an upstream: each secret under a name of its own, in the team's keeping."""

import io
import json
import re
import zipfile
from typing import Any

from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.reporting import Report

TEAM = "Department of Very Long Winded Naming Conventions and So"
SERVICES = ("customer-relationship-billing-one", "customer-relationship-billing-two")


def sent(number: int) -> list[dict[str, str]]:
    return [
        {"key": "Authorization", "value": f"Bearer secret-of-service-{number}", "opt_type": "ADD"},
        {"key": "X-Api-Key", "value": f"key-of-service-{number}-and-more", "opt_type": "ADD"},
    ]


def exported(**files: Any) -> bytes:
    path = io.BytesIO()
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in files.items():
            archive.writestr(f"{name}.json", json.dumps(rows))
    return path.getvalue()


def test_each_header_of_each_service_has_its_own_secret_however_long_their_names_are(migrate, tmp_path) -> None:
    path = tmp_path / "export.zip"
    services = [{"id": slug, "name": slug, "team": "t", "prefix": f"/{slug}"} for slug in SERVICES]
    upstreams = [
        {"service": slug, "scheme": "HTTPS", "nodes": [{"address": "api.example.com"}], "proxy_headers": sent(number)}
        for number, slug in enumerate(SERVICES)
    ]
    path.write_bytes(exported(team=[{"id": "t", "name": TEAM}], service=services, upstream=upstreams))

    done = migrate("apipark", path, "--with-secrets")

    kept = re.findall(r"printf %s '?(.*?)'? \| tollbridge secret set (\S+)", done.text("secrets.env"))
    values = {name: value for value, name in kept}
    team = next(name for kind, name in done.documents if kind == "Team")
    for number, slug in enumerate(SERVICES):
        headers = done.documents["Service", slug]["design"]["definition"]["upstreams"]["main"]["headers"]
        names = {header: reference.removeprefix("stored:") for header, reference in headers.items()}
        assert {header: values[name] for header, name in names.items()} == {
            one["key"]: one["value"] for one in sent(number)
        }
        assert all(name.startswith(f"{team}.") and len(name) <= 64 for name in names.values())


def test_secret_of_one_header_of_a_service_is_kept_once() -> None:
    gathering = Gathering(Report("APIPark"))

    names = [
        gathering.stored(value, "a header", team, service, "key")
        for team, service, value in (
            *(("blue", "weather", "one"), ("blue", "weather", "one"), ("blue", "weather", "two")),
            *(("blue", "weather-key", "one"), ("red", "weather", "one")),
        )
    ]

    assert names == [
        *("stored:blue.weather-key", "stored:blue.weather-key", "stored:blue.weather-key-2"),
        *("stored:blue.weather-key-key", "stored:red.weather-key"),
    ]
