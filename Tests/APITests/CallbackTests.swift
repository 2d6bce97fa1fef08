import Core
import Storage
import Testing

@testable import API

@Suite("Callbacks of participants")
struct CallbackTests {
    private static func with(
        _ body: @escaping @Sendable (TestAPI, _ runID: String, _ token: String) async throws -> Void
    ) async throws {
        try await TestAPI.with { api in
            let registered = try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: #"""
                    {"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x",
                        "completion":{"callback":{"heartbeatTimeout":"1m"}}}}]}
                    """#, ["X-Admin-Token": TestAPI.token])
            #expect(registered.status == 201, "\(registered.text)")
            let id = try await api.start()
            let token = CallbackToken(runID: try #require(RunID(id)), step: 0, action: .execute)
            try await body(api, id, token.text(try await key(of: api)))
        }
    }

    /// What the database's tokens are signed with.
    private static func key(of api: TestAPI) async throws -> CallbackKey {
        let row = try #require(
            try await api.database.query("SELECT key_id, encode(secret, 'hex') FROM callback_keys").first)
        let hex = Array((row[1] ?? "").utf8)
        let secret = stride(from: 0, to: hex.count, by: 2).compactMap {
            UInt8(String(decoding: hex[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
        return CallbackKey(number: try #require(Int32(row[0] ?? "")), secret: secret)
    }

    /// As the engine leaves it when the participant has accepted.
    private static func accept(_ api: TestAPI, _ id: String, beatBy: String = "50 s") async throws {
        try await api.database.query(
            """
            UPDATE workflow_runs SET status = 'RUNNING', snapshot_seq = 3, snapshot_at = now(), snapshot = json_build_object(
                'steps', '[{"id":"a","status":"EXECUTING","attempts":1,"accepted":true,"attemptSeq":2}]'::json,
                'accepted', json_build_array(json_build_object('step', 0, 'heartbeat', 60000000,
                    'untilIn', 86400000000, 'beatBy', (extract(epoch from now() + interval '\(beatBy)') * 1e6)::bigint)))
            WHERE run_id = '\(id)';
            UPDATE outbox SET available_at = now() + interval '1 day', epoch = 1, last_seq = 3
            """)
    }

    @Test("The end of accepted work goes into the inbox once; the same again is the same, another one 409")
    func told() async throws {
        try await Self.with { api, id, token in
            try await Self.accept(api, id)
            func tell(_ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/callbacks/\(token)", body: body)
            }
            let body = #"{"outcome":"succeeded","output":{"url":"u","n":1.50}}"#
            let answer = try await tell(body)
            #expect(answer.status == 202 && answer.json["runId"]?.string == id, "\(answer.text)")
            #expect(try await tell(#"{"output":{"n":1.50,"url":"u"},"outcome":"succeeded"}"#).status == 202, "the same")
            let other = try await tell(#"{"outcome":"failed","error":"No."}"#)
            #expect(other.status == 409 && other.problem == "callback-differs", "\(other.text)")
            let inbox = try await api.database.query(
                "SELECT kind, payload->>'stepId', payload->>'action', payload->>'outcome', payload->>'output' FROM run_inbox"
            )
            #expect(inbox == [["callback", "a", "execute", "succeeded", #"{"url":"u","n":1.50}"#]])
            #expect(
                try await api.database.query("SELECT inbox_count, available_at <= now() FROM outbox") == [["1", "t"]])
            // Once it is in the history.
            let digest = try #require(
                try await api.database.query("SELECT payload->>'digest' FROM run_inbox").first?[0])
            try await api.database.query(
                """
                DELETE FROM run_inbox;
                INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, epoch, data) VALUES
                    ('\(id)', 4, now(), 'callback_received', 0, 'a', 'execute', 1, '{"outcome":"succeeded","digest":"\(digest)"}')
                """)
            try await api.database.end(id, sequence: 5)
            #expect(try await tell(body).status == 202)
            #expect(try await tell(#"{"outcome":"rejected"}"#).problem == "callback-differs")
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty)
        }
    }

    @Test("What is no callback is refused, and nothing is written")
    func refused() async throws {
        try await Self.with { api, id, token in
            func tell(_ body: String, _ token: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/callbacks/\(token)", body: body)
            }
            let good = #"{"outcome":"succeeded"}"#
            #expect(try await tell(good, token).problem == "callback-over", "nothing has begun")
            try await Self.accept(api, id)
            for forged in ["x", String(token.dropLast()) + (token.last == "A" ? "B" : "A"), String(token.dropFirst())] {
                let answer = try await tell(good, forged)
                #expect(answer.status == 404 && answer.problem == "unknown-callback", "\(forged): \(answer.text)")
            }
            for (body, pointer) in [
                ("{}", "/outcome"), (#"{"outcome":"done"}"#, "/outcome"), (#"{"outcome":1}"#, "/outcome"),
                (#"{"outcome":"rejected","output":1}"#, "/output"), (#"{"outcome":"succeeded","error":1}"#, "/error"),
                (#"{"outcome":"succeeded","result":1}"#, "/result"),
                (
                    #"{"outcome":"succeeded","output":"\#(String(repeating: "x", count: Callback.maxOutput))"}"#,
                    "/output"
                ),
                (#"{"outcome":"failed","error":"\#(String(repeating: "x", count: Callback.maxError))"}"#, "/error"),
            ] {
                let answer = try await tell(body, token)
                #expect(answer.status == 422, "\(body.prefix(60)): \(answer.text)")
                #expect(answer.json["errors"]?.array?.first?["pointer"]?.string == pointer, "\(answer.text)")
            }
            #expect(try await tell("{", token).problem == "malformed-json")
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty)
            try await api.database.end(id, sequence: 4)
            let late = try await tell(good, token)
            #expect(late.status == 410 && late.problem == "callback-over", "\(late.text)")
            let page = try await api.client.send("GET", "/metrics").text
            #expect(
                page.contains(#"callbacks_total{result="unknown"} 3"#)
                    && page.contains(#"callbacks_total{result="late"} 2"#))
        }
    }

    @Test("A token that was not made for a step here is 404, for an end and for a sign of life, and nothing is written")
    func tokens() async throws {
        try await Self.with { api, id, token in
            try await Self.accept(api, id)
            let key = try await Self.key(of: api)
            func sign(_ number: Int32, _ secret: [UInt8], run: RunID? = nil, step: Int = 0) throws -> String {
                let runID = try #require(run ?? RunID(id))
                return CallbackToken(runID: runID, step: step, action: .execute)
                    .text(CallbackKey(number: number, secret: secret))
            }
            try #require(try sign(key.number, key.secret) == token)
            let unknown = [
                ("too short", String(token.dropLast(4))), ("too long", token + "AAAA"), ("one character", "A"),
                ("base64 with +", String(repeating: "+", count: token.count)),
                ("padded base64", String(token.dropLast()) + "="), ("no base64", String(repeating: "!", count: 59)),
                ("encoded blanks", "%20%20"), ("another version", "Ag\(token.dropFirst(2))"),
                ("another signature", try sign(key.number, key.secret.reversed())),
                ("no secret", try sign(key.number, [])), ("an unknown key", try sign(key.number + 1, key.secret)),
                ("the highest key", try sign(.max, key.secret)), ("a negative key", try sign(-1, key.secret)),
                ("a step that is not there", try sign(key.number, key.secret, step: 1)),
            ].map { ($0, $1, "unknown-callback") }
            let stranger = try sign(key.number, key.secret, run: RunID(high: 1, low: 2))
            let before = try await api.database.rowCount()
            for (name, text, problem) in unknown + [("a run that is not there", stranger, "unknown-run")] {
                // The token is looked at first, so nobody learns of anything else.
                for (path, body) in [
                    ("", #"{"outcome":"succeeded"}"#), ("", "{"), ("/heartbeat", nil), ("/heartbeat", "{"),
                ] {
                    let answer = try await api.client.send("POST", "/v1/callbacks/\(text)\(path)", body: body)
                    #expect(answer.status == 404 && answer.problem == problem, "\(name)\(path): \(answer.text)")
                    #expect(answer.json["detail"]?.string?.isEmpty == false, "\(name)\(path)")
                }
            }
            let none = try await api.client.send("POST", "/v1/callbacks/", body: #"{"outcome":"succeeded"}"#)
            #expect(none.status == 404 && none.problem == "not-found", "\(none.text)")
            #expect(try await api.database.rowCount() == before)
            let page = try await api.client.send("GET", "/metrics").text
            let forged = (unknown.count - 1) * 4
            #expect(page.contains(#"callbacks_total{result="unknown"} \#(forged)\#n"#))
            #expect(!page.contains(#"callbacks_total{result="accepted"} 1"#))
        }
    }

    @Test("What is wrong with an end or a sign of life is told with its place, and nothing is written")
    func contents() async throws {
        try await Self.with { api, id, token in
            try await Self.accept(api, id, beatBy: "1 s")
            let (large, huge) = (
                String(repeating: "x", count: Callback.maxOutput), String(repeating: "x", count: 1_100_000)
            )
            let rows: [(path: String, body: String, status: Int, problem: String, pointer: String?)] = [
                ("", "", 400, "malformed-json", nil), ("", "outcome: succeeded", 400, "malformed-json", nil),
                ("", #"{"outcome":"succeeded","outcome":"rejected"}"#, 400, "malformed-json", nil),
                ("", "[]", 422, "invalid-content", ""), ("", "null", 422, "invalid-content", ""),
                ("", #"{"outcome":null}"#, 422, "invalid-content", "/outcome"),
                ("", #"{"outcome":""}"#, 422, "invalid-content", "/outcome"),
                ("", #"{"outcome":"Succeeded"}"#, 422, "invalid-content", "/outcome"),
                ("", #"{"outcome":"unknown"}"#, 422, "invalid-content", "/outcome"),
                ("", #"{"outcome":"succeeded","output":1,"error":"No."}"#, 422, "invalid-content", "/error"),
                ("", #"{"outcome":"failed","output":1,"error":"No."}"#, 422, "invalid-content", "/output"),
                ("", #"{"outcome":"succeeded","attempt":0}"#, 422, "invalid-content", "/attempt"),
                ("", #"{"outcome":"succeeded","attempt":1.5}"#, 422, "invalid-content", "/attempt"),
                ("", #"{"outcome":"succeeded","attempt":"1"}"#, 422, "invalid-content", "/attempt"),
                ("", #"{"outcome":"succeeded","attempt":1000001}"#, 422, "invalid-content", "/attempt"),
                ("", #"{"outcome":"succeeded","output":["\#(large)"]}"#, 422, "invalid-content", "/output"),
                ("", #"{"outcome":"succeeded","output":"\#(huge)"}"#, 413, "body-too-large", nil),
                ("/heartbeat", "{", 400, "malformed-json", nil), ("/heartbeat", "[]", 422, "invalid-content", ""),
                ("/heartbeat", #"{"outcome":"succeeded"}"#, 422, "invalid-content", "/outcome"),
                ("/heartbeat", #"{"output":"\#(huge)"}"#, 413, "body-too-large", nil),
            ]
            let before = try await api.database.rowCount()
            for (path, body, status, problem, pointer) in rows {
                let answer = try await api.client.send("POST", "/v1/callbacks/\(token)\(path)", body: body)
                let name = "\(path) \(body.prefix(60))"
                #expect(answer.status == status && answer.problem == problem, "\(name): \(answer.text)")
                if let pointer { #expect(Set(answer.pointers) == [pointer], "\(name): \(answer.text)") }
            }
            for path in ["", "/heartbeat"] {
                let plain = try await api.client.send(
                    "POST", "/v1/callbacks/\(token)\(path)", body: #"{"outcome":"succeeded"}"#,
                    ["Content-Type": "text/plain"])
                #expect(plain.status == 415 && plain.problem == "unsupported-media-type", "\(plain.text)")
                let read = try await api.client.send("GET", "/v1/callbacks/\(token)\(path)")
                #expect(read.status == 405 && read.headers["allow"] == "POST", "\(read.text)")
            }
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("A sign of life is written when it is due, and not before")
    func heartbeat() async throws {
        try await Self.with { api, id, token in
            func beat() async throws -> Answer {
                try await api.client.send("POST", "/v1/callbacks/\(token)/heartbeat")
            }
            #expect(try await beat().status == 410)
            try await Self.accept(api, id, beatBy: "50 s")
            #expect(try await beat().status == 202)
            #expect(try await api.database.query("SELECT 1 FROM run_inbox").isEmpty, "the last one was ten seconds ago")
            try await Self.accept(api, id, beatBy: "40 s")
            for _ in 0..<2 { #expect(try await beat().status == 202) }
            #expect(
                try await api.database.query("SELECT kind, payload->>'stepId' FROM run_inbox") == [["heartbeat", "a"]])
            let waiting = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"]
            #expect(waiting?["kind"]?.string != nil)
        }
    }

    @Test("A run that waits for a callback says of whom and until when")
    func waiting() async throws {
        try await Self.with { api, id, _ in
            try await Self.accept(api, id, beatBy: "1 day")
            let waiting = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["waitingFor"]
            #expect(waiting?["kind"] == "callback" && waiting?["stepId"] == "a" && waiting?["participant"] == "p")
            #expect(waiting?["action"] == "execute" && waiting?["until"]?.string != nil, "\(waiting?.text ?? "")")
        }
    }
}
