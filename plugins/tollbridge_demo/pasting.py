"""Lines for another terminal: they make a token and hand it to SDKs and curl, with nothing to fill in."""

import shlex
import shutil
import sys
from pathlib import Path


def to_paste(base: str, data: Path) -> list[str]:
    """Give lines of a POSIX shell that use the gateway at `base` with a token of its own, kept in `data`."""
    scopes = " ".join(f"--scope {shlex.quote(scope)}" for scope in ("ai:*", "model:*", "service:orders:*"))
    create = f"{program()} token create --name mine {scopes} --quiet"
    order = '{"item": "lantern", "quantity": 2, "unit_price": "14.50"}'
    return [
        f'export DEMO_TOKEN="$(TOLLBRIDGE_DATA={shlex.quote(str(data.absolute()))} {create})"',
        f'export OPENAI_BASE_URL={base}/v1 OPENAI_API_KEY="$DEMO_TOKEN"',
        f'export ANTHROPIC_BASE_URL={base} ANTHROPIC_API_KEY="$DEMO_TOKEN"',
        f'curl {base}/orders -H "Authorization: Bearer $DEMO_TOKEN" -H "Content-Type: application/json" '
        f"-d {shlex.quote(order)}",
    ]


def program() -> str:
    """Give the command that runs this very program, found from any folder and without its environment activated."""
    beside = Path(sys.executable).with_name("tollbridge")
    if shutil.which("tollbridge") == str(beside):
        return "tollbridge"
    return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(sys.executable)} -m tollbridge"
