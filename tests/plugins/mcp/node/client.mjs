// One official client against one server: `node client.mjs VERSION URL TOKEN TOOL ARGUMENTS`, with `sdk` for the client of
// the revisions with a handshake and `client` for that of 2026-07-28. Prints what it saw as one line of JSON.
const [which, url, token, tool, args] = process.argv.slice(2);
const options = { requestInit: { headers: { authorization: `Bearer ${token}` } } };

async function made() {
  if (which === "sdk") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return [new Client({ name: "test", version: "1" }), new StreamableHTTPClientTransport(new URL(url), options)];
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  return [client, new StreamableHTTPClientTransport(new URL(url), options)];
}

const [client, transport] = await made();
await client.connect(transport);
const names = [];
let cursor;
do {
  const page = await client.listTools(cursor ? { cursor } : {});
  names.push(...page.tools.map((one) => one.name));
  cursor = page.nextCursor;
} while (cursor);
const result = await client.callTool({ name: tool, arguments: JSON.parse(args) });
process.stdout.write(`${JSON.stringify({ server: client.getServerVersion(), names, result })}\n`);
await client.close();
