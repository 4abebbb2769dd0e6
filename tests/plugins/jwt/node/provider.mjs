// oidc-provider: JWT access tokens for one resource, opaque ones otherwise. Says `listening URL` once it serves.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const AUDIENCE = "https://gw.example";
const SCOPES = "ai:chat model:echo/* admin:* other";

const key = (kid, alg, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  kid, alg, use: "sig",
});

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "app", client_secret: "app-secret", redirect_uris: [], response_types: [],
        grant_types: ["client_credentials"],
      },
      {
        client_id: "gw", client_secret: "gw:secret?", redirect_uris: [], response_types: [], grant_types: [],
      },
    ],
    jwks: {
      keys: [
        key("rsa-1", "RS256", "rsa", { modulusLength: 2048 }),
        key("ec-1", "ES256", "ec", { namedCurve: "P-256" }),
      ],
    },
    scopes: SCOPES.split(" "),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (ctx, resource) => ({
          audience: resource.startsWith(AUDIENCE) ? AUDIENCE : resource,
          scope: SCOPES,
          accessTokenFormat: resource.endsWith("/opaque") ? "opaque" : "jwt",
          accessTokenTTL: 300,
          jwt: { sign: { alg: resource.endsWith("/ec") ? "ES256" : "RS256" } },
        }),
      },
    },
  });
  server.on("request", provider.callback());
  console.log(`listening ${issuer}`);
});
