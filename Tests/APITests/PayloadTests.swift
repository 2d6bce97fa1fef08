import Core
import HTTPTypes
import Testing
import TestSupport

@testable import API

@Suite("Who sees payloads")
struct PayloadTests {
    /// Stands wherever something stands that a client or a participant gave.
    private static let secret = "c4n4ry"
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let settings = [
        "AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s",
    ]

    private static func bearer(_ key: String) -> [String: String] { ["Authorization": "Bearer \(key)"] }

    private static func key(_ api: TestAPI, _ roles: [String]) async throws -> [String: String] {
        let body: JSON = ["name": "k", "roles": .array(roles.map { .string($0) })]
        let answer = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
        return bearer(try #require(answer.json["key"]?.string))
    }

    // MARK: What is planted

    /// A workflow with a list, a child, a signal and calls, all of whose runs know the secret.
    private static let workflow: JSON = [
        "name": "w", "version": "1.0.0",
        "inputSchema": ["type": "object", "additionalProperties": ["type": ["string", "object", "array"]]],
        "steps": [
            ["id": "a", "action": ["participant": "p", "path": "/a"]],
            ["id": "b", "forEach": ["in": "${input.lines}"], "action": ["participant": "p", "path": "/b"]],
            ["id": "c", "await": ["signal": "go"]],
            ["id": "d", "run": ["workflow": "w"]],
        ],
    ]

    private static let input: JSON = [
        "card": ["number": .string(secret), "month": 1], "lines": [["ssn": .string(secret), "n": 1]],
    ]
    private static let plantedError =
        #"{"kind":"ended","message":"because of c4n4ry","stepId":"a","response":{"x":"c4n4ry"},"later":"c4n4ry","#
        + #""before":{"kind":"rejected","message":"The participant answered 422.","httpStatus":422,"response":"c4n4ry"}}"#

    private static func register(_ api: TestAPI, _ definition: JSON = workflow) async throws {
        let answer = try await api.client.send("POST", "/v1/admin/workflows", body: definition.text, admin)
        #expect(answer.status == 201, "\(answer.text)")
    }

    /// A run that has ended, with the secret in its input, context, output, errors, outputs of steps and elements, and in an event of
    /// each kind.
    private static func plant(_ api: TestAPI, status: String = "FAILED", padding: String = "") async throws -> String {
        let body: JSON = [
            "input": input,
            "context": ["note": .string(secret), "padding": .string(padding), "correlationId": "order-7"],
        ]
        let answer = try await api.client.send("POST", "/v1/workflows/w/start", body: body.text, admin)
        let id = try #require(answer.json["runId"]?.string, "\(answer.text)")
        let run = try #require(RunID(id))
        let numbering = StepNumbering(try WorkflowDefinition(workflow))
        let events = EventRow.encode(eventsOfEachKind(secret, child: run).map { EventRow($0, of: numbering) })
        let text = String(decoding: events, as: UTF8.self)
        let count = try #require(try JSON(parsing: text).array?.count)
        let step = #""output":{"token":"c4n4ry","n":1},"error":\#(plantedError)"#
        let snapshot = """
            {"steps":[{"id":"a","status":"SUCCEEDED","compensation":"FAILED","compensationAttempts":3,\(step)},
                {"id":"b","status":"SUCCEEDED"},
                {"id":"c","status":"FAILED",\(step)},
                {"id":"d","status":"SUCCEEDED","child":{"runId":"\(id)","workflow":"w","phase":"ended"},\(step)},
                {"id":"b[0]","status":"SUCCEEDED",\(step)}],
             "lists":[{"step":1,"first":4,"count":1,"seq":2,"items":[{"ssn":"c4n4ry"}]}],
             "signals":[{"seq":3,"name":"go","bytes":9,"payload":"c4n4ry"}]}
            """
        try await api.database.query(
            """
            BEGIN;
            UPDATE workflow_runs SET status = '\(status)', cause = \(status == "COMPLETED" ? "NULL" : "'STEP_FAILED'"),
                completed_at = now(), updated_at = now(), output = '{"paid":"c4n4ry","n":1}', error = '\(plantedError)',
                snapshot = '\(snapshot)', snapshot_seq = \(count + 1) WHERE run_id = '\(id)';
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
            VALUES ('\(id)', 2, \(count), now(), 1, gen_random_uuid(), '\(text)');
            DELETE FROM outbox WHERE run_id = '\(id)';
            COMMIT
            """)
        return id
    }

    /// Every route, with a run in the place of its variable; each with what it may be asked in several ways.
    private static func requests(_ api: TestAPI, _ id: String) throws -> [(String, String, [String: String])] {
        let routes = APIProcess(try TestAPI.configuration([:], api.database), logger: TestAPI.quiet).buildRoutes()
        var requests: [(String, String, [String: String])] = []
        for route in routes {
            let path = route.path.split(separator: "/").map { part in
                switch part {
                case ":runId": id
                case ":version": "1.0.0"
                case ":name": "w"
                case ":stepId": "a"
                case _ where part.hasPrefix(":"): "nothing"
                default: String(part)
                }
            }.map { "/\($0)" }.joined()
            requests.append((route.method.rawValue, path, [:]))
            guard route.method == .get else { continue }
            switch route.path {
            case "/v1/runs":
                for query in [
                    "include=payloads", "status=FAILED&include=payloads", "correlationId=order-7", "workflow=w",
                    "parent=\(id)&include=payloads",
                ] { requests.append(("GET", "\(path)?\(query)", [:])) }
            case "/v1/runs/:runId/events":
                requests.append(("GET", path, ["Accept": "text/event-stream"]))
                requests.append(("GET", path + "?after=3", [:]))
            default: break
            }
        }
        return requests
    }

    // MARK: Tests

    @Test("nobody without the permission finds a planted payload on any route, in any form, whatever else they may do")
    func everyRoute() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.register(api)
            // One whose undo gave up, with messages of ours about it, so that lists of FAILED runs have one.
            let failed = try await Self.plant(api)
            try await api.database.query(
                """
                UPDATE workflow_runs SET error = (replace(replace(error::text, '"kind":"ended"', '"kind":"compensation"'),
                    'because of c4n4ry', 'It gave up.'))::json WHERE run_id = '\(failed)'
                """)
            let id = try await Self.plant(api)
            let others: [[String]] = Role.allCases.map { [$0.rawValue] } + [Role.allCases.map(\.rawValue)]
            let requests = try Self.requests(api, id)
            for roles in others {
                let key = try await Self.key(api, roles)
                for (method, path, headers) in requests where !path.contains("/restart") {
                    let answer = try await api.client.send(
                        method, path, body: method == "GET" ? nil : "{}", key.merging(headers) { $1 })
                    #expect(!answer.text.contains(Self.secret), "\(roles) \(method) \(path): \(answer.text)")
                    #expect(!answer.headers.values.contains { $0.contains(Self.secret) })
                    // What is asked for is there.
                    if method == "GET", path.contains(id) || path.hasPrefix("/v1/runs"), !path.contains("parent"),
                        !path.contains("/reports/") || roles.contains("admin")
                    {
                        let there = path.contains("FAILED") ? failed : id
                        #expect(answer.status == 200 && answer.text.contains(there), "\(path): \(answer.text)")
                    }
                }
            }
            // All of it was there to be found.
            let all = try await Self.key(api, ["viewer", "payloads:read"])
            for (path, most) in [
                ("/v1/runs/\(id)", 20), ("/v1/runs/\(id)/events", 40), ("/v1/runs?include=payloads", 6),
            ] {
                let answer = try await api.client.send("GET", path, all)
                #expect(answer.text.ranges(of: Self.secret).count >= most, "\(path): \(answer.text)")
            }
        }
    }

    @Test(
        "in the place of a payload stands its size, and everything else stays: kinds, states, times, who asked, and why"
    )
    func marker() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.register(api)
            let id = try await Self.plant(api)
            let viewer = try await Self.key(api, ["viewer"])
            let shown = try await api.client.send("GET", "/v1/runs/\(id)", viewer).json
            let stored = Self.input.bytes.count
            #expect(shown["run"]?["input"] == ["redacted": true, "bytes": JSON(stored)])
            #expect(shown["run"]?["output"]?["redacted"] == true && shown["run"]?["context"]?["redacted"] == true)
            let error = try #require(shown["run"]?["error"])
            #expect(error["kind"] == "ended" && error["stepId"] == "a", "\(error.text)")
            #expect(error["message"] == ["redacted": true, "bytes": 19])
            #expect(error["response"] == ["redacted": true, "bytes": 14] && error["later"]?["redacted"] == true)
            #expect(error["before"]?["message"] == "The participant answered 422.")
            #expect(error["before"]?["httpStatus"] == 422 && error["before"]?["response"]?["redacted"] == true)
            let steps = try #require(shown["steps"]?.array)
            #expect(steps.map { $0["stepId"]?.string } == ["a", "b", "c", "d"])
            #expect(steps[0]["output"] == ["redacted": true, "bytes": 24] && steps[0]["status"] == "SUCCEEDED")
            #expect(steps[1]["elements"]?[0]?["output"]?["redacted"] == true)
            let events = try await api.client.send("GET", "/v1/runs/\(id)/events", viewer).json["events"]?.array ?? []
            func event(_ kind: String, _ place: Int = 0) -> JSON {
                let found = events.filter { $0["kind"]?.string == kind }
                return found.count > place ? found[place] : .null
            }
            #expect(event("signal_received")["data"]?["name"] == "go")
            #expect(event("signal_received")["data"]?["output"]?["redacted"] == true)
            #expect(event("signal_received")["data"]?["key"]?["redacted"] == true)
            #expect(event("step_settled")["data"]?["reason"] == "why" && event("step_settled")["data"]?["by"] == "ann")
            #expect(event("child_ended")["data"]?["runId"]?.string == id)
            #expect(event("elements_started")["data"]?["count"] == 1)
            #expect(event("attempt_accepted")["data"]?["timeoutUs"] == 9_000_000)
            #expect(event("attempt_failed")["error"]?["message"] == "The participant answered 422.")
            #expect(event("step_failed", 1)["error"]?["kind"] == "wait")
            // Who sees all gets it byte by byte.
            let all = try await Self.key(api, ["viewer", "payloads:read"])
            let whole = try await api.client.send("GET", "/v1/runs/\(id)", all)
            #expect(whole.text.contains(Self.plantedError) && whole.json["run"]?["input"] == Self.input)
        }
    }

    @Test(
        "what is too large to be in memory is not shown either, and the error of such a run is told as far as it is ours"
    )
    func large() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.register(api)
            let id = try await Self.plant(api, padding: Self.secret + String(repeating: "x", count: 300_000))
            for roles in [["viewer"], ["viewer", "payloads:read-masked"]] {
                let key = try await Self.key(api, roles)
                let answer = try await api.client.send("GET", "/v1/runs/\(id)", key)
                #expect(answer.json["run"]?["error"]?["kind"] == "ended" && answer.json["run"]?["input"] != nil)
                #expect(answer.text.contains(Self.secret) == (roles.count > 1), "\(roles)")
            }
        }
    }

    @Test("what is sensitive is masked, too, in what is only read when its turn comes")
    func largeAndSensitive() async throws {
        try await TestAPI.with(Self.settings) { api in
            var definition = Self.workflow
            definition["sensitive"] = ["context.padding", "context.note", "input", "output", "steps.a.output"]
            try await Self.register(api, definition)
            let id = try await Self.plant(api, padding: Self.secret + String(repeating: "x", count: 300_000))
            let key = try await Self.key(api, ["viewer", "payloads:read-masked"])
            let run = try await api.client.send("GET", "/v1/runs/\(id)", key).json["run"]
            let mask = ["sensitive": true] as JSON
            #expect(
                run?["context"] == ["note": mask, "padding": mask, "correlationId": "order-7"], "\(run?.text ?? "")")
            #expect(run?["input"] == mask && run?["output"] == mask)
        }
    }

    @Test("a start that waits for its end shows the run to those who may see it")
    func wait() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.register(
                api,
                [
                    "name": "now", "version": "1.0.0", "output": ["was": "${input.x}"],
                    "steps": [
                        ["id": "a", "when": ["==": [1, 2]], "action": ["participant": "p", "path": "/"]]
                    ],
                ])
            let body = #"{"input":{"x":"c4n4ry"}}"#
            for (roles, sees) in [(["starter"], false), (["starter", "payloads:read"], true), (["admin"], false)] {
                let key = try await Self.key(api, roles)
                let answer = try await api.client.send(
                    "POST", "/v1/workflows/now/start", body: body, key.merging(["Prefer": "wait=5"]) { $1 })
                #expect(answer.status == 200 && answer.json["run"]?["status"] == "COMPLETED", "\(answer.text)")
                #expect(answer.text.contains(Self.secret) == sees, "\(roles): \(answer.text)")
            }
        }
    }

    @Test("a restart that fails by the run's own input does not tell what is in it")
    func restart() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await Self.register(api)
            let id = try await Self.plant(api, status: "COMPENSATED")
            try await api.database.query(
                #"UPDATE workflow_runs SET input = '{"c4n4ry":1}', error = NULL, snapshot = NULL WHERE run_id = '\#(id)'"#
            )
            try await api.database.query("DELETE FROM run_journal WHERE run_id = '\(id)' AND seq > 1")
            for (roles, sees) in [(["operator"], false), (["operator", "payloads:read"], true)] {
                let key = try await Self.key(api, roles)
                let answer = try await api.client.send("POST", "/v1/runs/\(id)/restart", body: #"{"reason":"r"}"#, key)
                #expect(answer.problem == "input-invalid", "\(answer.text)")
                #expect(answer.text.contains(Self.secret) == sees, "\(roles): \(answer.text)")
            }
        }
    }

    @Test("who sees masked payloads sees what has a path, without what is sensitive, and nothing that has none")
    func masked() async throws {
        try await TestAPI.with(Self.settings) { api in
            var definition = Self.workflow
            definition["sensitive"] = [
                "input.card.number", "input.lines.*.ssn", "context.note", "output.paid", "steps.a.output.token",
                "steps.b.output.*.token", "steps.c.output.token", "steps.d.output.token",
            ]
            try await Self.register(api, definition)
            let id = try await Self.plant(api)
            // What the events' own values have no path to.
            try await api.database.query(
                """
                UPDATE run_journal SET events = replace(events::text, '"deep"', '"token"')::json WHERE run_id = '\(id)';
                UPDATE run_journal SET events = replace(events::text, '"text":"c4n4ry"', '"text":1')::json WHERE run_id = '\(id)'
                """)
            let key = try await Self.key(api, ["viewer", "payloads:read-masked"])
            for (method, path, headers) in try Self.requests(api, id) where method == "GET" {
                let answer = try await api.client.send(method, path, key.merging(headers) { $1 })
                #expect(!answer.text.contains(Self.secret), "\(path): \(answer.text)")
            }
            let shown = try await api.client.send("GET", "/v1/runs/\(id)", key).json
            let mask: JSON = ["sensitive": true]
            #expect(
                shown["run"]?["input"] == ["card": ["number": mask, "month": 1], "lines": [["ssn": mask, "n": 1]]])
            #expect(shown["run"]?["output"] == ["paid": mask, "n": 1] && shown["run"]?["context"]?["note"] == mask)
            let steps = try #require(shown["steps"]?.array)
            #expect(steps[0]["output"] == ["token": mask, "n": 1] && steps[3]["output"] == ["token": mask, "n": 1])
            #expect(steps[1]["elements"]?[0]?["output"] == ["token": mask, "n": 1])
            #expect(steps[0]["error"]?["response"]?["redacted"] == true)
            let events = try await api.client.send("GET", "/v1/runs/\(id)/events", key).json["events"]?.array ?? []
            let output = events.first { $0["kind"] == "attempt_succeeded" }?["data"]
            #expect(output?["output"] == ["token": mask, "text": 1], "\(output?.text ?? "")")
            #expect(output?["headers"]?["redacted"] == true)
            let list = try await api.client.send("GET", "/v1/runs?include=payloads", key).json["runs"]?[0]
            #expect(list?["input"]?["card"] == ["number": mask, "month": 1])
            // Where nobody can tell any more what is sensitive.
            try await api.database.query("UPDATE workflow_runs SET workflow_version = '9.9.9' WHERE run_id = '\(id)'")
            let unknown = try await api.client.send("GET", "/v1/runs/\(id)", key)
            #expect(unknown.json["run"]?["input"]?["redacted"] == true && !unknown.text.contains(Self.secret))
        }
    }

    @Test(
        "what a person gives as an output is not in the audit, which others read"
    )
    func audit() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let id = try await api.start("w", Self.admin)
            try await api.waitForRetry(id)
            let settled = try await api.client.send(
                "POST", "/v1/runs/\(id)/steps/a/complete", body: #"{"output":{"x":"c4n4ry"},"reason":"by hand"}"#,
                Self.admin)
            #expect(settled.status == 202, "\(settled.text)")
            let inbox = try await api.database.value("SELECT payload::text FROM run_inbox")
            #expect(inbox?.contains(Self.secret) == true, "the engine is told")
            let key = try await Self.key(api, ["admin"])
            let actions = try await api.client.send("GET", "/v1/admin/audit?subject=runs/\(id)", key)
            let detail = actions.json["entries"]?[0]?["detail"]
            #expect(detail?["reason"] == "by hand" && detail?["output"] == nil, "\(actions.text)")
            #expect(!actions.text.contains(Self.secret))
        }
    }

    @Test("no role has the permission, nobody gives what they have not, and who sees all may let others see less")
    func given() async throws {
        #expect(Role.allCases.allSatisfy { !$0.permissions.contains(.readPayloads) })
        try await TestAPI.with(Self.settings) { api in
            let admin = try await Self.key(api, ["admin"])
            let full = try await Self.key(api, ["admin", "payloads:read"])
            for (key, role, status) in [
                (admin, "payloads:read", 403), (admin, "payloads:read-masked", 403), (full, "payloads:read", 201),
                (full, "payloads:read-masked", 201), (admin, "viewer", 201),
            ] {
                let answer = try await api.client.send(
                    "POST", "/v1/admin/api-keys", body: #"{"name":"x","roles":["\#(role)"]}"#, key)
                #expect(answer.status == status, "\(role): \(answer.text)")
            }
        }
    }

    @Test("an API that is open shows all to whoever reaches it, and an admin token sees all")
    func open() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await Self.register(api)
            let id = try await Self.plant(api)
            for headers in [[:], Self.admin] {
                let answer = try await api.client.send("GET", "/v1/runs/\(id)", headers)
                #expect(answer.json["run"]?["input"] == Self.input && answer.text.contains(Self.plantedError))
            }
        }
    }
}
