"""The samples for JavaScript (Node 20 and newer, as modules): OpenAI's SDK, Anthropic's, and fetch."""

from tollbridge_portal.samples.called import JSON, Called, Kind, chat, check_address, check_variable
from tollbridge_portal.samples.quoting import javascript
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample
from tollbridge_portal.samples.values import holds_in_javascript, javascript_key, javascript_value, json_text

_ASKED = {
    Kind.CHAT: ("chat.completions.create", "answer.choices[0].message.content"),
    Kind.RESPONSES: ("responses.create", "answer.output_text"),
    Kind.EMBEDDINGS: ("embeddings.create", "answer.data[0].embedding"),
}
_STREAMED = {
    Kind.CHAT: """\
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
console.log();
""",
    Kind.RESPONSES: """\
for await (const event of stream) {
  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
}
console.log();
""",
    Kind.MESSAGES: """\
for await (const event of stream) {
  if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
    process.stdout.write(event.delta.text);
  }
}
console.log();
""",
}
_READ = """\
let rest = "";
for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + piece).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    if (line.startsWith("data:")) console.log(line.slice(5).trim());
  }
}
"""


def openai(called: Called, base_url: str, variable: str) -> Sample | None:
    """Write a sample with OpenAI's SDK; none where it has no method for the call."""
    if called.kind is Kind.PROMPT and called.model:
        called = chat(called.model, called.said, streamed=called.streamed)
    if called.kind not in _ASKED:
        return None

    method, shown = _ASKED[called.kind]
    head = _client("OpenAI", "openai", check_address(base_url) + "/v1", variable)
    return _sample("openai", "openai", head + _asked(called, method, f"console.log({shown});\n"))


def anthropic(called: Called, base_url: str, variable: str) -> Sample | None:
    """Write a sample with Anthropic's SDK; none where it has no method for the call."""
    if called.kind is not Kind.MESSAGES:
        return None

    head = _client("Anthropic", "@anthropic-ai/sdk", check_address(base_url), variable)
    shown = 'console.log(answer.content.map((block) => block.text ?? "").join(""));\n'
    return _sample("anthropic", "@anthropic-ai/sdk", head + _asked(called, "messages.create", shown))


def fetch(request: Request) -> Sample:
    """Write a sample with fetch, which Node and browsers have."""
    headers = "".join(
        f"    {javascript_key(name)}: {javascript(value)},\n" for name, value in request.all_headers().items()
    )
    body = f"  body: {_body(request.body)},\n" if request.with_body else ""
    shown = _READ if request.streamed else "console.log(await response.text());\n"
    code = f"""\
const response = await fetch({javascript(request.url)}, {{
  method: {javascript(request.method)},
  headers: {{
    Authorization: `Bearer ${{process.env.{request.variable}}}`,
{headers}  }},
{body}}});
if (!response.ok) throw new Error(`${{response.status}} ${{await response.text()}}`);
{shown}"""
    return Sample("javascript-fetch", "JavaScript (fetch)", "javascript", "sample.mjs", code, "", "node sample.mjs")


def _body(body: JSON) -> str:
    """Write the body; as a text where JavaScript would lose digits of a number."""
    if holds_in_javascript(body):
        return f"JSON.stringify({javascript_value(body, '  ', len('body: JSON.stringify('))})"
    return javascript(json_text(body))


def _client(name: str, package: str, address: str, variable: str) -> str:
    return f"""\
import {name} from "{package}";

const client = new {name}({{
  baseURL: {javascript(address)},
  apiKey: process.env.{check_variable(variable)},
}});

"""


def _asked(called: Called, method: str, shown: str) -> str:
    result = "stream" if called.streamed else "answer"
    end = _STREAMED[called.kind] if called.streamed else shown
    call = f"const {result} = await client.{method}("
    return f"{call}{javascript_value(called.body, taken=len(call))});\n{end}"


def _sample(name: str, package: str, code: str) -> Sample:
    title = f"JavaScript ({name})"
    install = f"npm install {package}"
    return Sample(f"javascript-{name}", title, "javascript", "sample.mjs", code, install, "node sample.mjs")
