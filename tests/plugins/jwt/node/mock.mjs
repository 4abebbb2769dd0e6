// oauth2-mock-server: a line on standard input rotates its key, or changes the next tokens' header and claims.
import { createInterface } from "node:readline";
import { OAuth2Server } from "oauth2-mock-server";

const server = new OAuth2Server();
let kid = (await server.issuer.keys.generate("RS256")).kid;
let changes = {};
server.issuer.on("beforeSigning", (token) => {
  Object.assign(token.header, { typ: "at+jwt" }, changes.header);
  Object.assign(token.payload, { aud: "https://gw.example", sub: "robot" }, changes.payload);
});
const build = server.issuer.buildToken.bind(server.issuer);
server.issuer.buildToken = (options) => build({ ...options, kid });

await server.start(0, "127.0.0.1");
console.log(`listening ${server.issuer.url}`);
for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line);
  if (said.rotate) kid = (await server.issuer.keys.generate(said.rotate)).kid;
  changes = said.changes ?? changes;
  console.log("done");
}
