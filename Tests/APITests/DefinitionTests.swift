import Core
import Testing

@testable import API

@Suite("Versions of workflows: tried out, registered, deprecated")
struct DefinitionTests {
    private static let token = ["X-Admin-Token": TestAPI.token]
    private static let steps = #"[{"id":"a","action":{"participant":"p","path":"/x"}}]"#

    @Test("A start without a version skips deprecated ones; one that names it is told; both are taken back again")
    func deprecate() async throws {
        try await TestAPI.with { api in
            for version in ["1.0.0", "1.1.0"] { try await api.register(version: version) }
            func change(_ method: String, _ version: String, _ body: String? = nil) async throws -> Answer {
                try await api.client.send(
                    method, "/v1/admin/workflows/w/\(version)/deprecation", body: body, Self.token)
            }
            func start(_ body: String, _ headers: [String: String] = [:]) async throws -> Answer {
                try await api.client.send("POST", "/v1/workflows/w/start", body: body, headers)
            }
            let changed = try await change("PUT", "1.1.0", #"{"reason":"slow"}"#)
            #expect(changed.status == 200 && changed.json["deprecation"]?["reason"] == "slow", "\(changed.text)")
            #expect(changed.json["deprecation"]?["by"] == "tester")
            let plain = try await start("{}")
            #expect(plain.status == 202 && plain.headers["deprecation"] == nil)
            #expect(try await api.database.query("SELECT workflow_version FROM workflow_runs") == [["1.0.0"]])
            let seconds = try await api.database.query(
                """
                SELECT '@' || floor(extract(epoch FROM deprecated_at))::int8 FROM workflow_definitions
                WHERE version = '1.1.0'
                """)
            let named = try await start(#"{"version":"1.1.0"}"#, ["Idempotency-Key": "k"])
            #expect(named.status == 202 && named.headers["deprecation"] == seconds[0][0])
            let again = try await start(#"{"version":"1.1.0"}"#, ["Idempotency-Key": "k"])
            #expect(again.headers["deprecation"] == seconds[0][0] && again.headers["idempotency-replayed"] == "true")
            #expect(try await start(#"{"version":"1.0.0"}"#).headers["deprecation"] == nil)
            let list = try await api.client.send("GET", "/v1/workflows").json["workflows"]?[0]
            #expect(list?["latest"] == "1.0.0" && list?["versionCount"] == 2)
            #expect(list?["versions"]?[0]?["version"] == "1.1.0")
            #expect(
                list?["versions"]?[0]?["deprecation"]?["by"] == "tester"
                    && list?["versions"]?[1]?["deprecation"] == .null)
            let one = try await api.client.send("GET", "/v1/workflows/w/1.1.0")
            #expect(one.json["deprecation"]?["reason"] == "slow" && one.headers["deprecation"] == seconds[0][0])
            #expect(try await change("PUT", "1.0.0").status == 200)
            let none = try await start("{}")
            #expect(none.status == 404 && none.problem == "only-deprecated-versions", "\(none.text)")
            #expect(try await change("DELETE", "1.0.0").status == 204)
            #expect(try await start("{}").status == 202)
            #expect(try await change("PUT", "9.9.9").problem == "unknown-workflow")
            #expect(try await change("DELETE", "9.9.9").problem == "unknown-workflow")
            #expect(try await change("PUT", "1.0.0", #"{"why":"x"}"#).pointers == ["/why"])
            let actions = try await api.client.send("GET", "/v1/admin/audit?limit=3", Self.token).json
            #expect(
                actions["entries"]?.array?.compactMap { $0["action"]?.string }
                    == ["restore_workflow", "deprecate_workflow", "deprecate_workflow"])
            let cursor = try #require(actions["nextCursor"]?.string)
            let rest = try await api.client.send("GET", "/v1/admin/audit?cursor=\(cursor)", Self.token).json
            #expect(
                rest["entries"]?.array?.compactMap { $0["action"]?.string }
                    == Array(repeating: "register_workflow", count: 2))
        }
    }

    @Test("A definition that is tried out is judged as a registration would be, and nothing is written")
    func validate() async throws {
        try await TestAPI.with { api in
            try await api.register()
            func validate(_ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/workflows/validate", body: body, Self.token)
            }
            let before = try await api.database.rowCount()
            let fresh = try await validate(#"{"name":"v","version":"1.0.0-rc1","steps":\#(Self.steps)}"#)
            #expect(fresh.status == 200 && fresh.json["valid"] == true, "\(fresh.text)")
            #expect(fresh.json["steps"] == ["a"] && fresh.json["participants"] == ["p"])
            #expect(fresh.json["registered"] == false)
            let warned = fresh.json["findings"]?.array?.compactMap { $0["pointer"]?.string }
            #expect(warned == ["/version", "/steps/0", "/steps/0/action", "/steps/0/action/participant"])
            #expect(
                fresh.json["findings"]?.array?.compactMap { $0["rule"]?.string }
                    == ["prerelease", "no-undo", "whole-input", "unknown-participant"])
            // What is a warning there refuses it when that is asked for; notes refuse nothing.
            let strict = try await api.client.send(
                "POST", "/v1/admin/workflows?strict=true",
                body: #"{"name":"v","version":"1.0.0-rc1","steps":\#(Self.steps)}"#,
                Self.token)
            #expect(strict.status == 422 && strict.pointers == ["/steps/0/action/participant"], "\(strict.text)")
            let unclear = try await api.client.send(
                "POST", "/v1/admin/workflows?strict=yes", body: "{}", Self.token)
            #expect(unclear.status == 400 && unclear.problem == "invalid-parameter")
            let conflict = try await validate(#"{"name":"w","version":"1.0.0","steps":\#(Self.steps)}"#)
            #expect(conflict.json["findings"]?[0]?["pointer"] == "/version")
            for (body, pointer) in [
                (#"{"name":"v","version":"1","steps":\#(Self.steps)}"#, "/version"),
                (#"{"name":"v","version":"1.0.0","steps":[]}"#, "/steps"),
            ] {
                let answer = try await validate(body)
                #expect(answer.status == 422 && answer.pointers == [pointer], "\(answer.text)")
                let registered = try await api.client.send("POST", "/v1/admin/workflows", body: body, Self.token)
                #expect(registered.json["errors"] == answer.json["errors"])
            }
            #expect(try await validate("{").problem == "malformed-json")
            #expect(try await api.database.rowCount() == before)
            _ = try await api.client.send(
                "PUT", "/v1/admin/participants/p", body: #"{"url":"http://p"}"#, Self.token)
            let quiet = try await validate(
                #"{"name":"v","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x","body":"none"},"#
                    + #""compensation":{"participant":"p","path":"/y","body":"none"}}]}"#)
            #expect(quiet.json["findings"] == [])
            // Registered when PARTICIPANT_ALLOW covered it.
            _ = try await api.database.query("UPDATE participants SET url = 'http://127.0.0.1:9'")
            let refused = try await validate(
                #"{"name":"v","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x","body":"none"},"#
                    + #""compensation":"none"}]}"#)
            #expect(refused.json["findings"]?.array?.count == 1, "\(refused.text)")
            #expect(refused.json["findings"]?[0]?["rule"] == "refused-participant")
        }
    }

    @Test("Many workflows come in pages, each with its highest versions")
    func pages() async throws {
        try await TestAPI.with { api in
            for name in ["c", "a", "b"] { try await api.register(name) }
            for minor in 1...12 { try await api.register("b", version: "1.\(minor).0") }
            let first = try await api.client.send("GET", "/v1/workflows?limit=2")
            #expect(first.json["workflows"]?.array?.compactMap { $0["name"]?.string } == ["a", "b"], "\(first.text)")
            let shown = first.json["workflows"]?[1]
            #expect(shown?["versionCount"] == 13 && shown?["latest"] == "1.12.0")
            #expect(shown?["versions"]?.array?.count == 10 && shown?["versions"]?[0]?["version"] == "1.12.0")
            let whole = try await api.client.send("GET", "/v1/workflows/b").json
            #expect(whole["versions"]?.array?.count == 13)
            let cursor = try #require(first.json["nextCursor"]?.string)
            let rest = try await api.client.send("GET", "/v1/workflows?limit=2&cursor=\(cursor)")
            #expect(rest.json["workflows"]?.array?.compactMap { $0["name"]?.string } == ["c"])
            #expect(rest.json["nextCursor"] == .null)
            for bad in ["cursor=x", "cursor=\(cursor)x", "limit=501", "name=a"] {
                #expect(
                    try await api.client.send("GET", "/v1/workflows?\(bad)").problem == "invalid-parameter", "\(bad)")
            }
            let other = try await api.client.send("GET", "/v1/admin/audit?limit=1", Self.token).json["nextCursor"]?
                .string
            let foreign = try #require(other)
            #expect(try await api.client.send("GET", "/v1/workflows?cursor=\(foreign)").status == 400)
        }
    }

    @Test("The cluster view shows engines, alive or silent, and what waits for them")
    func cluster() async throws {
        try await TestAPI.with { api in
            let empty = try await api.client.send("GET", "/health/cluster")
            #expect(
                empty.json
                    == [
                        "engines": [], "settingsThatDiffer": [], "liveEngines": 0, "backlog": 0,
                        "backlogIsEstimate": false, "lagMs": 0, "clockOffsetMs": empty.json["clockOffsetMs"] ?? .null,
                    ],
                "\(empty.text)")
            try await api.register()
            _ = try await api.start()
            try await api.database.query(
                """
                BEGIN;
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report) VALUES
                    (gen_random_uuid(), 'quiet', '0', now() - interval '2 hours', now() - interval '16 seconds', 3,
                        '{"settings": {"RETENTION": "a", "LEASE": "x"}}'),
                    (gen_random_uuid(), 'loud', '0', now(), now() - interval '5 seconds', 4,
                        '{"settings": {"RETENTION": "b", "LEASE": "y"}}');
                UPDATE outbox SET available_at = now() - interval '9 seconds';
                COMMIT
                """)
            let view = try await api.client.send("GET", "/health/cluster").json
            #expect(view["liveEngines"] == 1 && view["backlog"] == 1)
            #expect((9000...60_000).contains(try #require(view["lagMs"]?.int)))
            #expect(view["engines"]?.array?.map { $0["host"]?.string } == ["loud", "quiet"])
            #expect(view["engines"]?.array?.map { $0["alive"] } == [true, false])
            #expect(view["engines"]?[0]?["inFlight"] == 4)
            #expect(view["engines"]?[0]?["settings"] == ["RETENTION": "b", "LEASE": "y"])
            #expect(view["settingsThatDiffer"] == [], "one that is gone disagrees with nobody")
            try await api.database.query(
                """
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report) VALUES
                    (gen_random_uuid(), 'new', '0', now(), now(), 0, '{"settings": {"RETENTION": "c", "LEASE": "y"}}'),
                    (gen_random_uuid(), 'old version', '0', now(), now(), 0, '{}')
                """)
            let again = try await api.client.send("GET", "/health/cluster").json
            #expect(again["settingsThatDiffer"] == ["RETENTION"])
        }
    }
}
