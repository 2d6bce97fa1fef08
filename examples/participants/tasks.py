"""What is done later, by a person, by a job or by the clock: a participant for docs/recipes.md.

    SAGAFLOW_URL=http://127.0.0.1:3000 python3 tasks.py PORT FILE        needs nothing but Python 3.9 or newer

    POST /tasks                 an action: makes the task RUN/STEP; with {"until": "2030-01-31T12:00:00Z"} it ends by itself
    POST /tasks/withdraw        its compensation: nobody is asked any more
    GET  /tasks/RUN/STEP        an action without effect: 425 as long as the task is open, then what it was ended with
    GET  /tasks/RUN/STEP/wanted the same: 200 as long as the task is open, then 409
    POST /tasks/RUN/STEP/end    for people and jobs: {"status": 200, "answer": {...}}; wakes the step that waits
    GET  /tasks                 for people: what is open

A task is a row with run and step as its key, so that row is the record of the calls as well (docs/participants.md).
"""
import datetime, json, os, sqlite3, sys, threading, time, urllib.request
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TABLES = """
    CREATE TABLE IF NOT EXISTS tasks (
        run_id TEXT NOT NULL, step_id TEXT NOT NULL, details TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'ended', 'withdrawn')), status INTEGER, answer TEXT,
        waiting_step TEXT, PRIMARY KEY (run_id, step_id));
"""
FIND = "SELECT state, status, answer, waiting_step, details FROM tasks WHERE run_id = ? AND step_id = ?"


def make(db, task, details):
    """What is there already is this task, or a withdrawal that came first."""
    db.execute("INSERT INTO tasks VALUES (?, ?, ?, 'open', NULL, NULL, NULL) ON CONFLICT DO NOTHING",
               (*task, json.dumps(details)))
    is_withdrawn = db.execute(FIND, task).fetchone()[0] == "withdrawn"
    return (409, {"detail": "Withdrawn."}) if is_withdrawn else (200, {"task": "/".join(task)})


def withdraw(db, task):
    """Also what was never made: its row then keeps the action out."""
    db.execute("""INSERT INTO tasks VALUES (?, ?, '{}', 'withdrawn', NULL, NULL, NULL)
                  ON CONFLICT (run_id, step_id) DO UPDATE SET state = 'withdrawn'""", task)
    return 200, {}


def look(db, task, waiting_step):
    db.execute("UPDATE tasks SET waiting_step = ? WHERE run_id = ? AND step_id = ?", (waiting_step, *task))
    state, status, answer, _, details = db.execute(FIND, task).fetchone() or ("withdrawn", None, None, None, None)
    if state == "ended":
        return status, json.loads(answer)
    if state == "withdrawn":
        return 409, {"detail": "There is no such task."}
    until = json.loads(details).get("until")
    now = datetime.datetime.now(datetime.timezone.utc)
    if until and datetime.datetime.fromisoformat(until.replace("Z", "+00:00")) <= now:
        return 200, {}
    return 425, {"detail": "Not yet."}  # Later, and nothing has happened.


def wanted(db, task):
    is_open = (db.execute(FIND, task).fetchone() or ["none"])[0] == "open"
    return (200, {}) if is_open else (409, {"detail": "Nobody waits for it."})


def end(db, task, status, answer):
    """Once: the same again is told that it is so, something else that it is too late."""
    answer = json.dumps(answer)
    db.execute("UPDATE tasks SET state = 'ended', status = ?, answer = ? WHERE run_id = ? AND step_id = ? AND state = 'open'",
               (status, answer, *task))
    state, *ended, waiting_step, _ = db.execute(FIND, task).fetchone() or ("none", None, None, None, None)
    if state != "ended" or ended != [status, answer]:
        return 409, {"detail": "It is not open."}
    if waiting_step:
        threading.Thread(target=wake, args=(task[0], waiting_step), daemon=True).start()
    return 200, {}


def wake(run, step):
    """Asks sagaflow to look now. Only a kindness: without it the next attempt comes when it is due."""
    url = f"{os.environ.get('SAGAFLOW_URL', 'http://127.0.0.1:3000')}/v1/runs/{run}/steps/{step}/retry"
    for _ in range(5):
        try:
            request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
            return urllib.request.urlopen(request, timeout=5).close()
        except OSError:
            time.sleep(1)  # Away; or 409, because it is just being asked.


def route(db, method, path, headers, body):
    """Status and answer of one request."""
    caller = (headers["X-Saga-Run-Id"], headers["X-Saga-Step-Id"])
    if (method, path) == ("POST", ["tasks"]) and all(caller):
        return make(db, caller, body)
    if (method, path) == ("POST", ["tasks", "withdraw"]) and all(caller):
        return withdraw(db, caller)
    if method == "GET" and path == ["tasks"]:
        rows = db.execute("SELECT run_id, step_id, details FROM tasks WHERE state = 'open'").fetchall()
        return 200, [{"task": f"{run}/{step}", **json.loads(details)} for run, step, details in rows]
    if method == "GET" and path == ["health"]:
        return 200, {}
    if method == "GET" and len(path) == 3:
        return look(db, path[1:], caller[1])
    if method == "GET" and path[3:] == ["wanted"]:
        return wanted(db, path[1:3])
    if method == "POST" and path[3:] == ["end"]:
        return end(db, path[1:3], body.get("status", 200), body.get("answer"))
    return 404, {"detail": "There is no such path."}


class Participant(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"] or 0))
        with closing(sqlite3.connect(sys.argv[2], timeout=5, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            path = self.path.strip("/").split("/")
            status, answer = route(db, self.command, path, self.headers, json.loads(text or "{}"))
            db.execute("COMMIT")
        answer = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with closing(sqlite3.connect(sys.argv[2])) as database:
        database.executescript(TABLES)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Participant).serve_forever()
