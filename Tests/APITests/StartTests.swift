import Core
import Testing

@testable import API

@Suite("Starting runs")
struct StartTests {
    @Test("A start writes the run, its steps, its first event and its outbox row, and says where it is")
    func start() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let answer = try await api.client.send(
                "POST", "/v1/workflows/w/start",
                body:
                    #"{"input":{"n":9007199254740993,"d":1.000000000000000005,"s":"%_'"},"context":{"tenantId":"t"}}"#,
                ["X-Correlation-Id": "order-7", "traceparent": trace])
            #expect(answer.status == 202)
            let id = try #require(answer.json["runId"]?.string)
            #expect(answer.headers["location"] == "/v1/runs/\(id)")
            #expect(answer.json["status"] == "PENDING")
            let rows = try await api.database.query(
                """
                SELECT tenant_id, correlation_id, traceparent, input, (SELECT count(*) FROM run_steps),
                    (SELECT count(*) FROM run_events), (SELECT count(*) FROM outbox)
                FROM workflow_runs WHERE run_id = '\(id)'
                """)
            let input = #"{"n":9007199254740993,"d":1.000000000000000005,"s":"%_'"}"#
            #expect(rows == [["t", "order-7", trace, input, "2", "1", "1"]])
            let shown = try await api.client.send("GET", "/v1/runs/\(id)")
            #expect(shown.text.contains(#""input":\#(input)"#))
            #expect(shown.json["run"]?["correlationId"] == "order-7")
        }
    }

    @Test("A malformed traceparent is ignored, and a run without a correlation id goes by its own id")
    func traceparent() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start(["traceparent": "00-xyz"])
            #expect(
                try await api.database.query("SELECT traceparent, correlation_id FROM workflow_runs") == [[nil, nil]])
            #expect(try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["correlationId"]?.string == id)
        }
    }

    @Test("Without a version the highest release is taken, as of now")
    func versions() async throws {
        try await TestAPI.with { api in
            for version in ["1.9.0", "1.10.0", "2.0.0-rc.1"] { try await api.register(version: version) }
            let id = try await api.start()
            #expect(try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["workflowVersion"] == "1.10.0")
            try await api.register(version: "2.0.0")
            let next = try await api.start()
            #expect(try await api.client.send("GET", "/v1/runs/\(next)").json["run"]?["workflowVersion"] == "2.0.0")
            let pinned = try await api.start(body: #"{"version":"2.0.0-rc.1"}"#)
            let shown = try await api.client.send("GET", "/v1/runs/\(pinned)")
            #expect(shown.json["run"]?["workflowVersion"] == "2.0.0-rc.1")
        }
    }

    @Test("Sixteen requests at once under one key start one run", arguments: ["Idempotency-Key", "X-Idempotency-Key"])
    func idempotency(header: String) async throws {
        try await TestAPI.with { api in
            try await api.register()
            let answers = try await withThrowingTaskGroup(of: Answer.self) { tasks in
                for index in 0..<16 {
                    // The same request, whatever the order of its members and its white space.
                    let body = index % 2 == 0 ? #"{"input":{"a":1,"b":2}}"# : #"{ "input": {"b":2, "a":1} }"#
                    tasks.addTask {
                        try await api.client.send("POST", "/v1/workflows/w/start", body: body, [header: "order-1"])
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status) == Array(repeating: 202, count: 16), "\(answers.map(\.text))")
            #expect(Set(answers.map { $0.json["runId"]?.string }).count == 1)
            #expect(answers.filter { $0.headers["idempotency-replayed"] == "true" }.count == 15)
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["1"]])
        }
    }

    @Test("Requests under one key that meet in one batch start one run, and their batch-mates are written")
    func oneBatch() async throws {
        try await TestAPI.with(["STARTERS": "1", "START_QUEUE": "18"]) { api in
            try await api.register()
            try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
            let answers = try await withThrowingTaskGroup(of: (isKeyed: Bool, answer: Answer).self) { tasks in
                func start(_ key: String?) {
                    let headers = key.map { ["Idempotency-Key": $0] } ?? [:]
                    tasks.addTask {
                        (key != nil, try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", headers))
                    }
                }
                start(nil)
                // That one waits for the lock; of the next 19 one finds no room, when all others are in the queue.
                _ = try await api.database.awaitText(
                    """
                    SELECT 1 FROM pg_locks WHERE NOT granted
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    """)
                for _ in 0..<16 { start("k") }
                for _ in 0..<3 { start(nil) }
                #expect(try await tasks.next()?.answer.problem == "overloaded")
                try await api.database.query("COMMIT")
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.answer.status) == Array(repeating: 202, count: 19), "\(answers.map(\.answer.text))")
            let keyed = answers.filter(\.isKeyed).map(\.answer)
            #expect(Set(keyed.map { $0.json["runId"]?.string }).count == 1)
            #expect(keyed.filter { $0.headers["idempotency-replayed"] != "true" }.count == 1)
        }
    }

    @Test(
        "A key that stands for another request is refused, and nothing is written",
        arguments: [
            #"{"input":2}"#, #"{"input":1,"version":"1.0.0"}"#, #"{"input":1.0}"#, #"{"input":1,"context":{}}"#,
        ])
    func keyReused(body: String) async throws {
        try await TestAPI.with { api in
            try await api.register()
            _ = try await api.start(body: #"{"input":1}"#, ["Idempotency-Key": "k"])
            let before = try await api.database.rowCount()
            let answer = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: body, ["Idempotency-Key": "k"])
            #expect(answer.status == 422)
            #expect(answer.problem == "idempotency-key-reused")
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("Keys belong to their tenant")
    func tenants() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let one = try await api.start(body: #"{"context":{"tenantId":"a"}}"#, ["Idempotency-Key": "k"])
            let other = try await api.start(body: #"{"context":{"tenantId":"b"}}"#, ["Idempotency-Key": "k"])
            #expect(one != other)
        }
    }

    @Test("Prefer: wait=N answers with the finished run, or after N seconds with where it stands")
    func wait() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let late = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", ["Prefer": "wait=1"])
            #expect(late.status == 202)
            #expect(late.headers["preference-applied"] == "wait=1")
            async let waiting = api.client.send("POST", "/v1/workflows/w/start", body: "{}", ["Prefer": "wait=10"])
            let earlier = try #require(late.json["runId"]?.string)
            let id = try await api.database.awaitText(
                "SELECT run_id FROM workflow_runs WHERE run_id > '\(earlier)'")
            try await api.database.end(id)
            let done = try await waiting
            #expect(done.status == 200)
            #expect(done.json["run"]?["status"] == "COMPLETED")
            #expect(done.json["run"]?["output"] == ["done": true])
            #expect(done.json["steps"]?.array?.count == 2)
        }
    }

    @Test("A run that would be over at once with an output too large to build is refused, and nothing is written")
    func largeOutput() async throws {
        try await TestAPI.with { api in
            let answer = try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: """
                    {"name":"big","version":"1.0.0","output":{"all":["${input}","${input}","${input}","${input}","${input}"]},
                    "steps":[{"id":"a","when":false,"action":{"participant":"p","path":"/x"}}]}
                    """,
                ["X-Admin-Token": TestAPI.token])
            #expect(answer.status == 201, "\(answer.text)")
            let input = String(repeating: "x", count: 1_000_000)
            let refused = try await api.client.send(
                "POST", "/v1/workflows/big/start", body: #"{"input":"\#(input)"}"#)
            #expect(refused.status == 422)
            #expect(refused.json["errors"]?[0]?["pointer"] == "/output/all/4")
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["0"]])
            let short = try await api.client.send("POST", "/v1/workflows/big/start", body: #"{"input":"x"}"#)
            #expect(short.status == 202 && short.json["status"] == "COMPLETED")
        }
    }

    @Test("A condition that would keep a start waiting is left to the engines: the run is accepted, nothing is due")
    func longCondition() async throws {
        try await TestAPI.with { api in
            let answer = try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: """
                    {"name":"long","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"},
                    "when":{"some":[{"var":"input"},{">":[{"var":"qty"},100]}]}}]}
                    """,
                ["X-Admin-Token": TestAPI.token])
            #expect(answer.status == 201, "\(answer.text)")
            let lines = Array(repeating: #"{"qty":1}"#, count: 40_000).joined(separator: ",")
            let started = try await api.client.send(
                "POST", "/v1/workflows/long/start", body: #"{"input":[\#(lines)]}"#)
            #expect(started.status == 202 && started.json["status"] == "PENDING")
            let rows = try await api.database.query(
                "SELECT status, next_attempt_at IS NULL, (SELECT count(*) FROM outbox) FROM run_steps")
            #expect(rows == [["PENDING", "t", "1"]])
        }
    }

    @Test("When the queue is full, starts are refused with 503 and nothing of them is written")
    func overloaded() async throws {
        try await TestAPI.with(["STARTERS": "1", "START_QUEUE": "1"]) { api in
            try await api.register()
            try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
            let answers = try await withThrowingTaskGroup(of: Answer.self) { tasks in
                for _ in 0..<6 {
                    tasks.addTask { try await api.client.send("POST", "/v1/workflows/w/start", body: "{}") }
                }
                // One is being written and waits for the lock, one waits for its turn, four are refused.
                var answers: [Answer] = []
                for _ in 0..<4 { answers.append(try #require(try await tasks.next())) }
                #expect(answers.allSatisfy { $0.status == 503 && $0.problem == "overloaded" })
                #expect(answers.allSatisfy { $0.headers["retry-after"] == "1" })
                try await api.database.query("COMMIT")
                for try await answer in tasks { answers.append(answer) }
                return answers
            }
            #expect(answers.filter { $0.status == 202 }.count == 2)
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["2"]])
        }
    }

    @Test("Without a database starts are answered 503 and the process lives")
    func databaseAway() async throws {
        let nowhere = "postgres://postgres@127.0.0.1:1/nowhere"
        try await TestAPI.with(["DATABASE_URL": nowhere]) { api in
            let answer = try await api.client.send("POST", "/v1/workflows/w/start", body: "{}")
            #expect(answer.status == 503)
            #expect(answer.problem == "database-unavailable")
            #expect(answer.headers["retry-after"] == "2")
            #expect(!answer.text.contains("127.0.0.1"))
            #expect(try await api.client.send("GET", "/health").status == 200)
            let ready = try await api.client.send("GET", "/ready")
            #expect(ready.status == 503)
            #expect(ready.json["missing"] == ["postgres"])
        }
    }

    @Test(
        "On a database that was never migrated the process is not ready, and says what is missing",
        .timeLimit(.minutes(3)))
    func schemaMissing() async throws {
        try await TestAPI.with { api in
            _ = try await api.database.query("DROP SCHEMA public CASCADE")
            var ready = try await api.client.send("GET", "/ready")
            // A database that many others work on may not answer in time.
            while ready.json["missing"] == ["postgres"] { ready = try await api.client.send("GET", "/ready") }
            #expect(ready.status == 503)
            #expect(ready.json["missing"] == ["schema"])
        }
    }
}

extension TestAPI {
    fileprivate func start(_ headers: [String: String]) async throws -> String { try await start(body: "{}", headers) }
}
