"""What setup.cfg says, as data for tests that judge it."""

from configparser import ConfigParser

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.sources import ROOT

FLOORS = {
    "starlette": "1.0.1",  # CVE-2026-48710: request.url from Host
    "h11": "0.16.0",  # CVE-2025-43859: lenient end of a chunk
    "authlib": "1.7.2",  # CVE-2026-28802 and others of the same year: alg none, jwk header, crit
    "joserfc": "1.7.3",  # CVE-2026-27932: PBES2 count; from here on sub is checked too
    "python-multipart": "0.0.27",  # CVE-2026-53539 and others: time of hostile forms
    "redis": "4.5.5",  # CVE-2023-28859: another caller's answer after a cancelled one
    "granian": "2.7.4",  # CVE-2026-42544: a WebSocket header ends the worker
    "mitmproxy": "12.2.2",  # GHSA-527g-3w9m-29hv
}
FORBIDDEN = {"python-jose", "litellm", "pyjwt"}
"""With a record of verification or supply faults that are not ours to answer for."""


def read_setup() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


SETUP = read_setup()


def lines(section: str, option: str) -> list[str]:
    return [line.strip() for line in SETUP[section][option].splitlines() if line.strip()]


def table(section: str, option: str) -> dict[str, str]:
    return {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines(section, option))}


def requirements(section: str, option: str) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines(section, option)]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


REQUIRED = requirements("options", "install_requires")
EXTRAS = {extra: requirements("options.extras_require", extra) for extra in SETUP["options.extras_require"]}
EVERYTHING = [REQUIRED, *EXTRAS.values()]
