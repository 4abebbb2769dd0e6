"""The sample for curl, in a POSIX shell."""

from tollbridge_portal.samples.quoting import shell
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample


def curl(request: Request) -> Sample:
    """Write the command."""
    words = [f"curl {'-N ' if request.streamed else ''}{shell(request.url)}"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if request.with_body else "GET"):
        words.append(f"-X {request.method}")
    words.append(f'-H "Authorization: Bearer ${request.variable}"')
    for name, value in request.all_headers().items():
        # A colon with nothing behind it takes a header away; a semicolon sends it empty.
        words.append(f"-H {shell(f'{name}: {value}' if value else f'{name};')}")
    if request.with_body:
        words.append(f"-d {shell(request.text())}")
    return Sample("curl", "curl", "bash", "sample.sh", " \\\n  ".join(words) + "\n", "", "sh sample.sh")
