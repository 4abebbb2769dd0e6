"""What was gathered, as files of a new folder."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tollbridge.plainfiles import write_folder
from tollbridge.yamltext import write_yaml
from tollbridge_migrate.gathering import Gathering, Secret, Target
from tollbridge_migrate.placing import Known, Places
from tollbridge_migrate.reporting import as_markdown, printable
from tollbridge_migrate.tomltext import write_tables

CONFIG, DOCUMENTS, TOKENS, SECRETS, REPORT = "tollbridge.toml", "documents", "tokens.jsonl", "secrets.env", "report.md"


def files_of(gathering: Gathering, known: Known, *, with_secrets: bool) -> Mapping[str, str]:
    """Give the files by their paths; of secrets their names alone, unless `with_secrets`."""
    files: dict[str, str] = {}
    config = _config(gathering, known)
    if config:
        files[CONFIG] = config
    for (kind, name), spec in gathering.documents.items():
        document = {"kind": kind, "name": name, "spec": spec}
        files[f"{DOCUMENTS}/{kind.lower()}-{name}.yaml"] = write_yaml(document)
    if gathering.tokens:
        files[TOKENS] = "".join(f"{json.dumps(line)}\n" for line in gathering.tokens)
    held = [secret for secret in gathering.secrets.values() if secret.value]
    if with_secrets and held:
        files[SECRETS] = "".join(map(_secret, held))
    missing = missing_of(gathering, with_secrets=with_secrets)
    files[REPORT] = as_markdown(gathering.report, missing, _steps(files, gathering))
    return files


def missing_of(gathering: Gathering, *, with_secrets: bool) -> Sequence[tuple[str, str]]:
    """Name the secrets that are in none of the files, with what each is for."""
    secrets = gathering.secrets.values()
    return [(one.name, printable(one.purpose)) for one in secrets if not (with_secrets and one.value)]


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that is empty or is made, secrets for nobody else; raises `SetupError`."""
    contents = {path: text.encode("utf-8", "replace") for path, text in files.items()}
    write_folder(folder, contents, private=(SECRETS, TOKENS))


def _config(gathering: Gathering, known: Known) -> str:
    places = Places(known, gathering.hosts)
    for name, purpose in places.variables.items():
        gathering.wanted(name, purpose)
    tables: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for section, options in gathering.sections.items():
        tables[section,] = options
    for name, options in places.sections.items():
        tables["providers", name] = options
    for model, part in gathering.models.items():
        targets = [f"{name}/{one.model}" for one in part.targets if (name := places.name(one.host))]
        if targets:
            tables["models", model] = {"targets": targets, **part.options}
    parts = gathering.models.values()
    unpriced = dict.fromkeys(target for part in parts if not part.options.get("price") for target in part.targets)
    priced = {target for part in parts for target in part.targets} - unpriced.keys()
    gathering.settle(places.name, lambda target: places.lacks(target, priced=target in priced))
    tables |= {key: table for key, table in _prices(places, unpriced, gathering).items() if key not in tables}
    return write_tables(tables)


def _prices(
    places: Places, targets: Iterable[Target], gathering: Gathering
) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
    """Give the models that say what targets in second sections cost, each called as the target itself is."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    sections: dict[str, None] = {}
    for target in targets:
        price, section = places.price(target), places.name(target.host)
        if price:
            model = f"{section}/{target.model}"
            found["models", model] = {"targets": [model], "price": price}
            sections[section] = None
    for name in sections:
        whose = places.seconds[name].name
        why = f"as a second section of {whose}: prices of its models stand in [models] as they are now"
        gathering.partly("provider", name, why)
    return found


def _secret(secret: Secret) -> str:
    """Give a line that a shell reads; a service's own secret is stored from there by a command."""
    about, value = f"# {printable(secret.purpose)}\n", shlex.quote(secret.value)
    if secret.stored:
        return f"{about}printf %s {value} | tollbridge secret set {secret.name}\n"
    return f"{about}{secret.name}={value}\n"


def _steps(files: Mapping[str, str], gathering: Gathering) -> Sequence[str]:
    """Say what is to be done with the files, in order."""
    steps = []
    if SECRETS in files:
        steps.append(f"Load `{SECRETS}` in a shell (`set -a; . ./{SECRETS}`), then delete it.")
    elif gathering.secrets:
        steps.append("Provide the secrets below.")
    if CONFIG in files:
        steps.append(f"Put the parts of `{CONFIG}` into your configuration, and run `tollbridge check`.")
    if gathering.documents:
        steps.append(f"`tollbridge diff -f {DOCUMENTS}`, then `tollbridge apply -f {DOCUMENTS}`.")
    if TOKENS in files:
        steps.append(f'Set `[tokens] imported = ["sha256"]`, and run `tollbridge token import {TOKENS}`.')
    return [*steps, "Read what was not carried over."]
