// The official `@anthropic-ai/sdk`, counts of tokens and models.
import * as shared from "./running.mjs";

const { Anthropic } = shared.need("@anthropic-ai/sdk");
const ASKED = [{ role: "user", content: shared.QUESTION }];
const TOOLS = [{ name: shared.TOOL, description: shared.TOOL_TEXT, input_schema: shared.TOOL_SCHEMA }];

const client = (task) =>
  new Anthropic({ baseURL: task.base, apiKey: task.token, maxRetries: 0, timeout: shared.TIMEOUT_MS });

async function count(task, more = {}) {
  const asked = { model: task.model, messages: ASKED, ...more };
  const { data, response } = await client(task).messages.countTokens(asked).withResponse();
  return shared.counted(data.input_tokens, response.headers.get(shared.ESTIMATED));
}

/** Gives a model's name, none where it was told in another vendor's shape. */
const nameOf = (model) => (model.type === "model" && model.display_name ? model.id : "");

async function models(task) {
  const names = [];
  for await (const model of client(task).models.list()) names.push(nameOf(model));
  return shared.listed(names);
}

const model = async (task) => shared.listed([nameOf(await client(task).models.retrieve(task.model))]);

await shared.run({
  count,
  count_tools: (task) => count(task, { system: shared.SYSTEM, tools: TOOLS }),
  list_models: models,
  get_model: model,
  get_no_model: model,
});
