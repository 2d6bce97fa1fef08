// Is this call sagaflow's? See docs/participants.md. Needs nothing but Node; TypeScript takes it as it is.
import { createHmac, timingSafeEqual } from "node:crypto";

export function verify(secret, headers, body, tolerance = 300) {
  const [id, sent] = [headers["webhook-id"], headers["webhook-timestamp"]];
  if (!(Math.abs(Date.now() / 1000 - Number(sent)) <= tolerance)) return false;
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const mac = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest("base64");
  const wanted = Buffer.from(`v1,${mac}`);
  return headers["webhook-signature"].split(" ").map((one) => Buffer.from(one))
    .some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const headers = Object.fromEntries(["webhook-id", "webhook-timestamp", "webhook-signature"]
    .map((name) => [name, process.env[name.toUpperCase().replaceAll("-", "_")]]));
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  process.exit(verify(process.env.SECRET, headers, Buffer.concat(chunks)) ? 0 : 1);
}
