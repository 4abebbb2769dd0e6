"""The samples for Python: OpenAI's SDK, Anthropic's, and httpx2."""

from tollbridge_portal.samples.called import JSON, Called, Kind, chat, check_address, check_variable
from tollbridge_portal.samples.quoting import python
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample
from tollbridge_portal.samples.values import python_value

TIMEOUT_S = 120
"""What a sample waits for an answer: httpx2's own 5 seconds are too few for a model."""

_FUNCTIONS = {"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch"}
"""httpx2's functions that take a body where their method has one."""

_ASKED = {
    Kind.CHAT: ("chat.completions.create", "answer.choices[0].message.content"),
    Kind.RESPONSES: ("responses.create", "answer.output_text"),
    Kind.EMBEDDINGS: ("embeddings.create", "answer.data[0].embedding"),
}
_STREAMED = {
    Kind.CHAT: """\
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
""",
    Kind.RESPONSES: """\
for event in stream:
    if event.type == "response.output_text.delta":
        print(event.delta, end="", flush=True)
print()
""",
}


def openai(called: Called, base_url: str, variable: str) -> Sample | None:
    """Write a sample with OpenAI's SDK; none where it has no method for the call."""
    if called.kind is Kind.PROMPT and called.model:
        called = chat(called.model, called.said, streamed=called.streamed)
    if called.kind not in _ASKED:
        return None

    method, shown = _ASKED[called.kind]
    head = f"""\
import os

from openai import OpenAI

client = OpenAI(
    base_url={python(check_address(base_url) + "/v1")},
    api_key=os.environ[{python(check_variable(variable))}],
)

"""
    arguments = _arguments(called.body)
    if called.streamed:
        code = f"{head}stream = client.{method}(\n{arguments})\n{_STREAMED[called.kind]}"
    else:
        code = f"{head}answer = client.{method}(\n{arguments})\nprint({shown})\n"
    return _sample("openai", code)


def anthropic(called: Called, base_url: str, variable: str) -> Sample | None:
    """Write a sample with Anthropic's SDK; none where it has no method for the call."""
    if called.kind is not Kind.MESSAGES:
        return None

    code = f"""\
import os

from anthropic import Anthropic

client = Anthropic(
    base_url={python(check_address(base_url))},
    api_key=os.environ[{python(check_variable(variable))}],
)

"""
    if called.streamed:
        code += f"""\
with client.messages.stream(
{_arguments(_without_stream(called.body))}) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
"""
    else:
        code += f"""\
answer = client.messages.create(
{_arguments(called.body)})
print("".join(block.text for block in answer.content if block.type == "text"))
"""
    return _sample("anthropic", code)


def httpx2(request: Request) -> Sample:
    """Write a sample with httpx2."""
    lines = [f"{python(request.url)},", f"headers={_headers(request)},"]
    if request.with_body:
        lines.append(f"json={python_value(request.body)},")
    if request.streamed:
        code = f"""\
with httpx2.Client(timeout={TIMEOUT_S}) as client:
    with client.sse(
{_indented([lines[0], f"method={python(request.method)},", *lines[1:]], 8)}    ) as events:
        events.response.raise_for_status()
        for event in events:
            print(event.data, flush=True)
"""
    else:
        function = _FUNCTIONS.get(request.method, "request")
        method = [] if request.method in _FUNCTIONS else [f"{python(request.method)},"]
        code = f"""\
response = httpx2.{function}(
{_indented([*method, *lines, f"timeout={TIMEOUT_S},"], 4)})
if response.is_error:
    raise SystemExit(f"{{response.status_code}} {{response.text}}")
print(response.text)
"""
    token = f"os.environ[{python(request.variable)}]"
    return _sample("httpx2", f"import os\n\nimport httpx2\n\ntoken = {token}\n{code}")


def _headers(request: Request) -> str:
    headers = request.headers if request.media_type == "application/json" else request.all_headers()
    more = "".join(f", {python(name)}: {python(value)}" for name, value in headers.items())
    return f'{{"Authorization": f"Bearer {{token}}"{more}}}'


def _indented(lines: list[str], columns: int) -> str:
    """Indent lines, and those within one: a literal has no end of a line of its own."""
    space = " " * columns
    return "".join(space + line.replace("\n", f"\n{space}") + "\n" for line in lines)


def _arguments(body: JSON) -> str:
    members = body.items() if isinstance(body, dict) else ()
    return "".join(f"    {name}={python_value(value, '    ')},\n" for name, value in members)


def _without_stream(body: JSON) -> JSON:
    members = body.items() if isinstance(body, dict) else ()
    return {name: value for name, value in members if name != "stream"}


def _sample(package: str, code: str) -> Sample:
    title = f"Python ({package})"
    return Sample(f"python-{package}", title, "python", "sample.py", code, f"pip install {package}", "python sample.py")
