// A real provider of OpenID Connect: node provider.mjs PORT. Any name and password signs in.
import Provider from "oidc-provider";

const port = process.argv[2];
const provider = new Provider(`http://127.0.0.1:${port}`, {
  scopes: ["openid", "offline_access", "a2e:read", "a2e:spend", "a2e:admin"],
  features: {
    registration: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "a2e:read a2e:spend",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
      }),
    },
  },
  formats: {
    customizers: {
      // Clients of this name get tokens that expired ten minutes ago.
      jwt: ({ oidc }, _, { payload }) => {
        if (oidc.client.clientName === "late") payload.exp = payload.iat - 600;
      },
    },
  },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
