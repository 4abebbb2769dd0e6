// The official `openai` SDK, embeddings and models.
import * as shared from "./running.mjs";

const { OpenAI } = shared.need("openai");

const client = (task) =>
  new OpenAI({ baseURL: `${task.base}/v1`, apiKey: task.token, maxRetries: 0, timeout: shared.TIMEOUT_MS });

async function embed(task, input, more = {}) {
  const answer = await client(task).embeddings.create({ model: task.model, input, ...more });
  const vectors = answer.data.map(({ embedding }) =>
    typeof embedding === "string" ? shared.unpacked(embedding) : embedding,
  );
  return shared.embedded(vectors, { usage: answer.usage?.total_tokens ?? null });
}

/** Gives a model's name, none where it was told in another vendor's shape. */
const nameOf = (model) => (model.object === "model" && model.owned_by ? model.id : "");

async function models(task) {
  const names = [];
  for await (const model of client(task).models.list()) names.push(nameOf(model));
  return shared.listed(names);
}

const model = async (task) => shared.listed([nameOf(await client(task).models.retrieve(task.model))]);

await shared.run({
  embed: (task) => embed(task, shared.TEXT),
  embed_several: (task) => embed(task, shared.TEXTS),
  embed_short: (task) => embed(task, shared.TEXT, { dimensions: shared.DIMENSIONS }),
  embed_floats: (task) => embed(task, shared.TEXT, { encoding_format: "float" }),
  embed_packed: (task) => embed(task, shared.TEXT, { encoding_format: "base64" }),
  list_models: models,
  get_model: model,
  get_no_model: model,
});
