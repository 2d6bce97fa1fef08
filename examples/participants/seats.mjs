// A whole participant of sagas: it reserves seats of a show and gives them back.
//
//     node seats.mjs PORT FILE        needs nothing but Node 18 or newer
//
// docs/participants.md says why. Node 18 and 20 come without a database, so the transaction here is a line that is appended
// to FILE: the effect and the record of the call are in the same line, and both count when it is on disk. That is right for
// one process whose data fit into memory; for more take Postgres or MySQL, with postgres.sql or mysql.sql.
import { createServer } from "node:http";
import { existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";

const [port, file] = process.argv.slice(2);
const records = []; // in the order in which they were written
const calls = new Map(); // RUN STEP ACTION → its record
const reservations = new Map(); // RUN STEP → seats
let left = 1000;

function apply(record) {
  records.push(record);
  calls.set(`${record.runId} ${record.stepId} ${record.action}`, record);
  if (record.kind === "effect") reservations.set(`${record.runId} ${record.stepId}`, record.answer.seats);
  if (record.effect !== 0) left -= record.effect * record.answer.seats;
}

// What is behind the last line feed was cut off by a crash: it was never answered, and is taken away.
const text = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
const end = text.lastIndexOf("\n") + 1;
text.toString("utf8", 0, end).split("\n").filter(Boolean).map((line) => JSON.parse(line)).forEach(apply);
const descriptor = openSync(file, "a");
ftruncateSync(descriptor, end);

// If this fails (the disk is full), Node ends here, nothing was answered, and the next start cuts off the half line.
function commit(record) {
  writeFileSync(descriptor, JSON.stringify(record) + "\n");
  fsyncSync(descriptor);
  apply(record);
  return record;
}

// No `await` in here: nothing else runs meanwhile, so the same call once more comes before it or after it.
function once(run, step, action, body) {
  const seen = calls.get(`${run} ${step} ${action}`);
  const isUndone = calls.has(`${run} ${step} compensate`);
  if (action === "execute" && isUndone) return { status: 409, answer: { detail: "This action has been undone." } };
  if (seen) return seen;
  // JavaScript's clock cuts off microseconds: rounded up, so that nothing seems to have come before it was sent.
  const at = new Date(Date.now() + 1).toISOString();
  const call = { id: records.length + 1, at, runId: run, stepId: step, action, attempt: 0, bodyHash: "" };
  if (action === "compensate") {
    // Found by run and step: the reservation's answer may never have reached the engine.
    const seats = reservations.get(`${run} ${step}`);
    if (seats !== undefined) return commit({ ...call, kind: "undo", effect: -1, status: 200, answer: { seats } });
    const answer = { detail: "There was nothing to undo." };
    return commit({ ...call, kind: "null_compensation", effect: 0, status: 200, answer });
  }
  const seats = body.seats ?? 1;
  if (!Number.isInteger(seats) || seats < 1) {
    return commit({ ...call, kind: "rejected", effect: 0, status: 422, answer: { detail: "How many seats?" } });
  }
  if (seats <= left) return commit({ ...call, kind: "effect", effect: 1, status: 200, answer: { seats } });
  return commit({ ...call, kind: "rejected", effect: 0, status: 422, answer: { detail: "Sold out." } });
}

function read(url) {
  if (url.pathname === "/seats") return { left };
  if (url.pathname !== "/ledger") return {};
  // For `saga check` (docs/reliability.md): what was done, in the order in which it was.
  const [after, limit] = [Number(url.searchParams.get("after")), Number(url.searchParams.get("limit") ?? 1000)];
  const entries = records.slice(after, after + limit);
  return { entries, next: after + entries.length < records.length ? after + entries.length : null };
}

createServer(async (request, response) => {
  const answer = (status, value) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const url = new URL(request.url, "http://localhost");
  if (request.method === "GET") return answer(200, read(url));
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) body += chunk;
  const [run, step, action] = ["run-id", "step-id", "action"].map((name) => request.headers[`x-saga-${name}`]);
  const wanted = { "/reserve": "execute", "/release": "compensate" }[url.pathname];
  if (!run || !step || action !== wanted) return answer(404, { detail: "There is no such call." });
  const record = once(run, step, action, JSON.parse(body || "{}"));
  answer(record.status, record.answer);
}).listen(Number(port), "127.0.0.1");
