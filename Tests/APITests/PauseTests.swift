import Core
import Testing

@testable import API

@Suite("Workflows and participants are paused by admins")
struct PauseTests {
    private static let token = ["X-Admin-Token": TestAPI.token]

    @Test("A paused workflow's starts wait as PENDING runs that say why, until the resume makes them due")
    func wait() async throws {
        try await TestAPI.with { api in
            try await api.register()
            try await api.register(version: "2.0.0")
            let paused = try await api.pause("workflows/w", #"{"reason":"audit"}"#)
            #expect(paused.status == 200 && paused.json["name"] == "w", "\(paused.text)")
            let pause = paused.json["paused"]
            #expect(pause?["by"] == "tester" && pause?["reason"] == "audit" && pause?["starts"] == "wait")
            for path in ["/v1/workflows/w", "/v1/workflows"] {
                let shown = try await api.client.send("GET", path).json
                #expect((shown["workflows"]?[0] ?? shown)["paused"] == pause)
            }
            let key = ["Idempotency-Key": "k"]
            let run = try await api.start(body: "{}", key)
            let named = try await api.start(body: #"{"version":"1.0.0"}"#)
            #expect(try await api.start(body: "{}", key) == run)
            let bulk = try await api.importing(ImportCall.lines(1...2))
            #expect(bulk.statuses == [202, 202])
            let due = try await api.database.query("SELECT count(*) FROM outbox WHERE available_at < now() + '1 day'")
            #expect(due == [["0"]], "nobody claims them")
            for id in [run, named] {
                let shown = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]
                let waiting = shown?["waitingFor"]
                #expect(shown?["status"] == "PENDING" && waiting?["kind"] == "paused" && waiting?["by"] == "tester")
                #expect(waiting?["reason"] == "The workflow is paused: audit")
            }
            let resumed = try await api.resume("workflows/w", #"{"reason":"done"}"#)
            #expect(resumed.status == 200 && resumed.json["paused"] == .null && resumed.json["resumedRuns"] == 4)
            let later = try await api.database.query("SELECT count(*) FROM outbox WHERE available_at > now()")
            #expect(later == [["0"]], "all are due")
            #expect(try await api.client.send("GET", "/v1/workflows/w").json["paused"] == .null)
            let next = try await api.start()
            #expect(
                try await api.client.send("GET", "/v1/runs/\(next)").json["run"]?["waitingFor"]?["kind"] == "engine")
            let again = try await api.resume("workflows/w")
            #expect(again.status == 200 && again.json["resumedRuns"] == 0)
            let actions = try await api.client.send("GET", "/v1/admin/audit?subject=workflows/w", Self.token)
            #expect(
                actions.json["entries"]?.array?.map { $0["action"] } == ["resume_workflow", "pause_workflow"])
        }
    }

    @Test(
        "A workflow that refuses starts answers 409 and writes nothing, but what it accepted before is answered as it was"
    )
    func refuse() async throws {
        try await TestAPI.with { api in
            try await api.register()
            try await api.register("other")
            let key = ["Idempotency-Key": "k"]
            let before = try await api.start(body: "{}", key)
            let paused = try await api.pause("workflows/w", #"{"reason":"audit","starts":"refuse"}"#)
            #expect(paused.status == 200 && paused.json["paused"]?["starts"] == "refuse")
            let rows = try await api.database.rowCount()
            func start(_ body: String = "{}", _ headers: [String: String] = [:]) async throws -> Answer {
                try await api.client.send("POST", "/v1/workflows/w/start", body: body, headers)
            }
            for body in ["{}", #"{"version":"1.0.0"}"#] {
                let refused = try await start(body)
                #expect(refused.status == 409 && refused.problem == "workflow-paused")
                #expect(refused.json["detail"]?.string?.contains("audit") == true, "\(refused.text)")
            }
            #expect(try await start("{}", ["Idempotency-Key": "new"]).problem == "workflow-paused")
            #expect(try await start(#"{"input":1}"#, key).problem == "idempotency-key-reused")
            let replayed = try await start("{}", key)
            #expect(replayed.status == 202 && replayed.json["runId"] == .string(before))
            #expect(replayed.headers["idempotency-replayed"] == "true")
            let bulk = try await api.importing(ImportCall.lines(1...2))
            #expect(bulk.problems == ["workflow-paused", "workflow-paused"], "and the import goes on to its end")
            #expect(try await api.database.rowCount() == rows)
            _ = try await api.start("other")
            #expect(try await api.resume("workflows/w").status == 200)
            _ = try await api.start()
        }
    }

    @Test("A participant's pause is shown with who and why, is kept when it is registered anew, and taken back")
    func participant() async throws {
        try await TestAPI.with(["PARTICIPANT_ALLOW": "127.0.0.0/8"]) { api in
            let path = "/v1/admin/participants/p"
            func put() async throws {
                let answer = try await api.client.send("PUT", path, body: #"{"url":"http://127.0.0.1:1"}"#, Self.token)
                #expect(answer.status < 300, "\(answer.text)")
            }
            func shown() async throws -> JSON? {
                let alone = try await api.client.send("GET", path, Self.token).json["paused"]
                let list = try await api.client.send("GET", "/v1/admin/participants", Self.token).json
                #expect(list["participants"]?[0]?["paused"] == alone)
                return alone
            }
            try await put()
            #expect(try await shown() == .null)
            let paused = try await api.pause("participants/p", #"{"reason":"patch"}"#)
            let pause = try #require(paused.json["paused"])
            #expect(paused.status == 200 && pause["by"] == "tester" && pause["reason"] == "patch")
            #expect(pause["since"]?.string.flatMap { Instant($0) } != nil)
            #expect(try await shown() == pause)
            try await put()
            #expect(try await shown() == pause)
            for _ in 0..<2 {
                let resumed = try await api.resume("participants/p")
                #expect(resumed.status == 200 && resumed.json == ["name": "p", "tenant": "*", "paused": .null])
            }
            #expect(try await shown() == .null)
        }
    }

    @Test(
        "What can't be a pause is refused, and so is everybody without a token; nothing is written",
        arguments: ["workflows/w", "participants/p"])
    func refusals(subject: String) async throws {
        try await TestAPI.with(["PARTICIPANT_ALLOW": "127.0.0.0/8"]) { api in
            try await api.register()
            let put = try await api.client.send(
                "PUT", "/v1/admin/participants/p", body: #"{"url":"http://127.0.0.1:1"}"#, Self.token)
            #expect(put.status == 201)
            let rows = try await api.database.rowCount()
            let bad = [
                ("{}", "/reason"), (#"{"reason":""}"#, "/reason"), (#"{"reason":1}"#, "/reason"),
                (#"{"reason":"\#(String(repeating: "x", count: 1001))"}"#, "/reason"),
                (#"{"reason":"x","starts":"later"}"#, "/starts"), (#"{"reason":"x","starts":null}"#, "/starts"),
                (#"{"reason":"x","until":"noon"}"#, "/until"),
            ]
            for (body, pointer) in bad {
                let answer = try await api.pause(subject, body)
                #expect(answer.status == 422 && answer.pointers == [pointer], "\(body): \(answer.text)")
            }
            for body in [#"{"reason":""}"#, #"{"starts":"wait"}"#] {
                #expect(try await api.resume(subject, body).status == 422, "\(body)")
            }
            for verb in ["pause", "resume"] {
                let path = "/v1/admin/\(subject)/\(verb)"
                let unknown = "/v1/admin/\(subject)x/\(verb)"
                #expect(try await api.client.send("POST", path, body: #"{"reason":"x"}"#).status == 401)
                #expect(try await api.client.send("GET", path, Self.token).status == 405)
                let nowhere = try await api.client.send("POST", unknown, body: #"{"reason":"x"}"#, Self.token)
                #expect(nowhere.status == 404, "\(nowhere.text)")
            }
            #expect(try await api.database.rowCount() == rows)
            #expect(try await api.database.query("SELECT 1 FROM workflow_pauses") == [])
            #expect(try await api.database.query("SELECT 1 FROM participants WHERE paused_at IS NOT NULL") == [])
        }
    }
}

extension TestAPI {
    fileprivate func pause(_ subject: String, _ body: String) async throws -> Answer {
        try await client.send("POST", "/v1/admin/\(subject)/pause", body: body, ["X-Admin-Token": Self.token])
    }

    fileprivate func resume(_ subject: String, _ body: String? = nil) async throws -> Answer {
        try await client.send("POST", "/v1/admin/\(subject)/resume", body: body, ["X-Admin-Token": Self.token])
    }
}
