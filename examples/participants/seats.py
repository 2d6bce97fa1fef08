"""A whole participant of sagas: it reserves seats of a show and gives them back.

    python3 seats.py PORT FILE        needs nothing but Python 3.9 or newer; FILE is its SQLite database

docs/participants.md says why. For real, put your web framework and your database in the place of the standard library;
postgres.sql and mysql.sql have `saga_calls` for those.
"""
import datetime, json, sqlite3, sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TABLES = """
    CREATE TABLE IF NOT EXISTS saga_calls (
        call_id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, step_id TEXT NOT NULL, action TEXT NOT NULL,
        status INTEGER NOT NULL, answer TEXT NOT NULL, effect INTEGER NOT NULL, at TEXT NOT NULL,
        UNIQUE (run_id, step_id, action));
    CREATE TABLE IF NOT EXISTS reservations (
        run_id TEXT NOT NULL, step_id TEXT NOT NULL, seats INTEGER NOT NULL, PRIMARY KEY (run_id, step_id));
    CREATE TABLE IF NOT EXISTS shows (show_id TEXT PRIMARY KEY, seats_left INTEGER NOT NULL);
    INSERT INTO shows VALUES ('hamlet', 1000) ON CONFLICT DO NOTHING;
"""
LOOK = """
    SELECT CASE WHEN action = :action THEN status ELSE 409 END,
        CASE WHEN action = :action THEN answer ELSE '{"detail": "This action has been undone."}' END
    FROM saga_calls
    WHERE run_id = :run AND step_id = :step AND action IN (:action, 'compensate')
    ORDER BY action LIMIT 1"""
RECORD = """
    INSERT INTO saga_calls (run_id, step_id, action, status, answer, effect, at)
    VALUES (:run, :step, :action, :status, :answer, :effect, :at)"""


def reserve(db, call):
    """Gives status, answer and effect. What is refused is refused before anything was changed."""
    seats = call["body"].get("seats", 1)
    if type(seats) is not int or seats < 1:
        return 422, {"detail": "How many seats?"}, 0
    if db.execute("UPDATE shows SET seats_left = seats_left - ?1 WHERE seats_left >= ?1", (seats,)).rowcount == 0:
        return 422, {"detail": "Sold out."}, 0
    db.execute("INSERT INTO reservations VALUES (?, ?, ?)", (call["run"], call["step"], seats))
    return 200, {"seats": seats}, 1


def release(db, call):
    """Finds what to undo by run and step: the reservation's answer may never have reached the engine."""
    found = db.execute("SELECT seats FROM reservations WHERE run_id = :run AND step_id = :step", call).fetchone()
    if not found:
        return 200, {"detail": "There was nothing to undo."}, 0
    db.execute("DELETE FROM reservations WHERE run_id = :run AND step_id = :step", call)
    db.execute("UPDATE shows SET seats_left = seats_left + ?", found)
    return 200, {"seats": found[0]}, -1


WORK = {("/reserve", "execute"): reserve, ("/release", "compensate"): release}


def once(db, call, work):
    """Does a call once, and remembers its answer in the transaction that does it."""
    db.execute("BEGIN IMMEDIATE")  # One writer at a time: the same call once more waits here for the first.
    seen = db.execute(LOOK, call).fetchone()
    if seen:
        db.execute("ROLLBACK")
        return seen[0], json.loads(seen[1])
    status, answer, effect = work(db, call)
    if call["action"] == "compensate" and status >= 300:
        db.execute("ROLLBACK")  # A refused undo is not remembered: it is asked for again when its reason is gone.
        return status, answer
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds")
    db.execute(RECORD, {**call, "status": status, "answer": json.dumps(answer), "effect": effect, "at": at})
    db.execute("COMMIT")  # On disk, and only then answered.
    return status, answer


class Participant(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"] or 0))
        run, step, action = (self.headers[f"X-Saga-{name}"] for name in ("Run-Id", "Step-Id", "Action"))
        work = WORK.get((self.path, action))
        if not (work and run and step):
            return self.answer(404, {"detail": "There is no such call."})
        # Whatever is raised closes the connection without an answer, so the engine calls again with the same key.
        with closing(open_database()) as db:
            call = {"run": run, "step": step, "action": action, "body": json.loads(text or "{}")}
            self.answer(*once(db, call, work))

    def do_GET(self):
        url = urlsplit(self.path)
        with closing(open_database()) as db:
            if url.path == "/seats":
                return self.answer(200, {"left": db.execute("SELECT seats_left FROM shows").fetchone()[0]})
            if url.path == "/ledger":
                return self.answer(200, ledger(db, dict(parse_qsl(url.query))))
        self.answer(200 if url.path == "/health" else 404, {})

    def answer(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ledger(db, query):
    """For `saga check` (docs/reliability.md): what was done, in the order in which it was."""
    limit = int(query.get("limit", 1000))
    rows = db.execute("""
        SELECT call_id, at, run_id, step_id, action, 0, '', CASE
            WHEN action = 'execute' THEN CASE WHEN status < 300 THEN 'effect' ELSE 'rejected' END
            WHEN effect = 0 THEN 'null_compensation' ELSE 'undo' END, effect
        FROM saga_calls WHERE call_id > ? ORDER BY call_id LIMIT ?""", (query.get("after", 0), limit)).fetchall()
    names = ["id", "at", "runId", "stepId", "action", "attempt", "bodyHash", "kind", "effect"]
    return {"entries": [dict(zip(names, row)) for row in rows], "next": rows[-1][0] if len(rows) == limit else None}


def open_database():
    return sqlite3.connect(sys.argv[2], timeout=5, isolation_level=None)


if __name__ == "__main__":
    with closing(open_database()) as database:
        database.executescript(TABLES)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Participant).serve_forever()
