// oidc-provider for people: anybody signs in under any name, by its own pages. A line on standard input makes a client of
// `client`, or says which `claims` everybody has from then on.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const say = (line) => process.stdout.write(`${line}\n`);
console.info = console.warn = console.error; // what the provider itself has to say

const key = (kid, alg, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  kid, alg, use: "sig",
});

const kept = new Map();
class Adapter {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { kept.set(this.key(id), payload); }
  async find(id) { return kept.get(this.key(id)); }
  async findByUid(uid) { return [...kept.values()].find((one) => one.uid === uid); }
  async findByUserCode(code) { return [...kept.values()].find((one) => one.userCode === code); }
  async consume(id) { kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { kept.delete(this.key(id)); }
  async revokeByGrantId(grant) {
    for (const [id, one] of kept) if (one.grantId === grant) kept.delete(id);
  }
}

let claims = {};
const server = createServer();
server.listen(0, "127.0.0.1", async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    adapter: Adapter,
    jwks: { keys: [key("rsa-1", "RS256", "rsa", { modulusLength: 2048 })] },
    cookies: { keys: ["of this process alone"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `The ${id}`, ...claims }),
    }),
  });
  server.on("request", provider.callback());
  say(`listening ${issuer}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const said = JSON.parse(line);
    if (said.client) await new Adapter("Client").upsert(said.client.client_id, said.client);
    claims = said.claims ?? claims;
    say("done");
  }
});
