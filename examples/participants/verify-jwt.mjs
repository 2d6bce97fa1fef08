// Is this call sagaflow's? See docs/participants.md. Needs nothing but Node; TypeScript takes it as it is.
import { createHash, createPublicKey, verify as isSignedBy } from "node:crypto";

/** What the token says, or null. `keys` is what /.well-known/jwks.json has: fetch it again for a kid that is not there. */
export function verify(keys, me, token, method, path, body) {
  const [head, payload, signature] = token.split(".");
  const [{ alg, kid }, claims] = [head, payload].map((part) => JSON.parse(Buffer.from(part, "base64url")));
  const jwk = keys.find((key) => key.kid === kid);
  if (alg !== "EdDSA" || !jwk) return null;
  const key = createPublicKey({ key: jwk, format: "jwk" });
  if (!isSignedBy(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, "base64url"))) return null;
  const now = Date.now() / 1000;
  if (claims.iss !== "sagaflow" || claims.aud !== me || !(claims.iat - 5 <= now && now <= claims.exp + 5)) return null;
  const digest = createHash("sha256").update(body).digest("hex");
  return claims.method === method && claims.path === path && claims.bodySha256 === digest ? claims : null;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { JWKS, PARTICIPANT, TOKEN, METHOD, CALL_PATH } = process.env;
  const keys = JSON.parse(JWKS).keys;
  process.exit(verify(keys, PARTICIPANT, TOKEN, METHOD, CALL_PATH, Buffer.concat(chunks)) ? 0 : 1);
}
