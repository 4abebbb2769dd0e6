// The official `@anthropic-ai/sdk`, Messages.
import * as shared from "./running.mjs";

const { Anthropic } = shared.need("@anthropic-ai/sdk");
const ASKED = { role: "user", content: shared.QUESTION };
const TOOLS = [{ name: shared.TOOL, description: shared.TOOL_TEXT, input_schema: shared.TOOL_SCHEMA }];
const FORMAT = { format: { type: "json_schema", schema: shared.ANSWER_SCHEMA } };
const SOURCE = { type: "base64", media_type: "image/png", data: shared.IMAGE };
const PICTURE = {
  role: "user",
  content: [
    { type: "image", source: SOURCE },
    { type: "text", text: shared.QUESTION },
  ],
};

const client = (task) =>
  new Anthropic({ baseURL: task.base, apiKey: task.token, maxRetries: 0, timeout: shared.TIMEOUT_MS });

const ask = (task, messages, more = {}) =>
  client(task).messages.create({ model: task.model, max_tokens: shared.MOST_TOKENS, messages, ...more });

async function follow(task, more = {}) {
  const asked = { model: task.model, max_tokens: shared.MOST_TOKENS, messages: [ASKED], ...more };
  return said(await client(task).messages.stream(asked).finalMessage());
}

function said(answer) {
  const text = answer.content.filter((block) => block.type === "text").map((block) => block.text);
  const calls = answer.content.filter((block) => block.type === "tool_use");
  const { usage } = answer;
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  const tokens = [usage.input_tokens + cached, usage.output_tokens];
  return shared.result(text.join(""), calls.map((call) => [call.name, call.input]), answer.stop_reason, tokens);
}

async function tools(task) {
  const first = await ask(task, [ASKED], { tools: TOOLS });
  const given = first.content
    .filter((block) => block.type === "tool_use")
    .map((block) => ({ type: "tool_result", tool_use_id: block.id, content: shared.TOOL_RESULT }));
  const back = [ASKED, { role: "assistant", content: first.content }, { role: "user", content: given }];
  const last = await ask(task, back, { tools: TOOLS });
  return { ...said(first), then: said(last).text };
}

await shared.run({
  plain: async (task) => said(await ask(task, [ASKED])),
  stream: follow,
  tools,
  tools_stream: (task) => follow(task, { tools: TOOLS }),
  structured: async (task) => said(await ask(task, [ASKED], { output_config: FORMAT })),
  image: async (task) => said(await ask(task, [PICTURE])),
});
