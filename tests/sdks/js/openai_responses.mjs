// The official `openai` SDK, Responses.
import * as shared from "./running.mjs";

const { OpenAI } = shared.need("openai");
const ASKED = { role: "user", content: shared.QUESTION };
const TOOLS = [
  { type: "function", name: shared.TOOL, description: shared.TOOL_TEXT, parameters: shared.TOOL_SCHEMA, strict: false },
];
const FORMAT = {
  format: { type: "json_schema", name: shared.ANSWER_NAME, schema: shared.ANSWER_SCHEMA, strict: true },
};
const PICTURE = {
  role: "user",
  content: [
    { type: "input_text", text: shared.QUESTION },
    { type: "input_image", image_url: shared.IMAGE_URL },
  ],
};

const client = (task) =>
  new OpenAI({ baseURL: `${task.base}/v1`, apiKey: task.token, maxRetries: 0, timeout: shared.TIMEOUT_MS });

const ask = (task, input, more = {}) =>
  client(task).responses.create({ model: task.model, input, store: false, ...more });

async function follow(task, more = {}) {
  const stream = client(task).responses.stream({ model: task.model, input: [ASKED], store: false, ...more });
  return said(await stream.finalResponse());
}

function said(answer) {
  const calls = answer.output.filter((item) => item.type === "function_call");
  const stop = answer.incomplete_details?.reason ?? answer.status;
  const tokens = answer.usage ? [answer.usage.input_tokens, answer.usage.output_tokens] : null;
  return shared.result(answer.output_text, calls.map((call) => [call.name, call.arguments]), stop, tokens);
}

async function tools(task) {
  const first = await ask(task, [ASKED], { tools: TOOLS });
  const given = first.output
    .filter((item) => item.type === "function_call")
    .map((call) => ({ type: "function_call_output", call_id: call.call_id, output: shared.TOOL_RESULT }));
  const last = await ask(task, [ASKED, ...first.output, ...given], { tools: TOOLS });
  return { ...said(first), then: said(last).text };
}

await shared.run({
  plain: async (task) => said(await ask(task, [ASKED])),
  stream: follow,
  tools,
  tools_stream: (task) => follow(task, { tools: TOOLS }),
  structured: async (task) => said(await ask(task, [ASKED], { text: FORMAT })),
  image: async (task) => said(await ask(task, [PICTURE])),
});
