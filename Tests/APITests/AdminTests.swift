import Core
import Logging
import Testing

@testable import API

@Suite("Admin calls")
struct AdminTests {
    private static let token = ["X-Admin-Token": TestAPI.token]
    private static let path = "/v1/admin/participants"

    @Test("Over the rate is 429 with Retry-After, from either of two APIs on one Redis, and only for that token")
    func rate() async throws {
        let settings = [
            "REDIS_URL": try TestAPI.redisURL, "REDIS_PREFIX": "test:\(UInt64.random(in: 0 ... .max)):",
            "ADMIN_RATE": "1/1h", "ADMIN_BURST": "3", "ADMIN_TOKENS": "tester:\(TestAPI.token),other:another-token",
        ]
        try await TestAPI.with(settings) { one in
            try await TestAPI.with(settings, on: one.database) { two in
                var answers: [Answer] = []
                for api in [one, two, one, two, one] {
                    answers.append(try await api.client.send("GET", Self.path, Self.token))
                }
                #expect(answers.map(\.status) == [200, 200, 200, 429, 429])
                #expect(answers.map { $0.headers["ratelimit-remaining"] } == ["2", "1", "0", "0", "0"])
                #expect(answers.allSatisfy { $0.headers["ratelimit-limit"] == "3" })
                let wait = try #require(answers.last?.headers["retry-after"].flatMap { Int($0) })
                #expect((3500...3600).contains(wait))
                #expect(answers.last?.problem == "rate-limited")
                #expect(try await one.client.send("GET", Self.path, ["X-Admin-Token": "another-token"]).status == 200)
                let ready = try await one.client.send("GET", "/ready")
                #expect(ready.status == 200, "\(ready.text)")
            }
        }
    }

    @Test("Trying definitions out counts apart: it leaves the rate of other calls alone, and has as much itself")
    func trials() async throws {
        let settings = ["ADMIN_RATE": "1/1h", "ADMIN_BURST": "3", "ADMIN_ADDRESS_RATE": "15/1h"]
        try await TestAPI.with(settings) { api in
            var trials: [Int] = []
            for _ in 0..<4 {
                trials.append(
                    try await api.client.send("POST", "/v1/admin/workflows/validate", body: "{}", Self.token).status)
            }
            #expect(trials == [422, 422, 422, 429])
            var calls: [Int] = []
            for _ in 0..<4 { calls.append(try await api.client.send("GET", Self.path, Self.token).status) }
            #expect(calls == [200, 200, 200, 429])
        }
    }

    @Test("Guessing tokens is limited too, without hurting those who have one")
    func guessing() async throws {
        let settings = ["ADMIN_RATE": "1/1h", "ADMIN_BURST": "2"]
        try await TestAPI.with(settings) { api in
            var statuses: [Int] = []
            for guess in 0..<4 {
                statuses.append(
                    try await api.client.send("GET", Self.path, ["X-Admin-Token": "guess-\(guess)"]).status)
            }
            #expect(statuses == [401, 401, 429, 429])
            #expect(try await api.client.send("GET", Self.path, Self.token).status == 200)
        }
    }

    @Test("While Redis is away the process holds a stricter rate, and says it is not ready")
    func redisAway() async throws {
        let settings = ["REDIS_URL": "redis://127.0.0.1:1", "ADMIN_RATE": "1/1h", "ADMIN_BURST": "4"]
        try await TestAPI.with(settings) { api in
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await api.client.send("GET", Self.path, Self.token).status) }
            #expect(statuses == [200, 200, 429])
            let ready = try await api.client.send("GET", "/health/ready")
            #expect(ready.status == 503)
            #expect(ready.json["missing"] == ["redis"])
            #expect(try await api.client.send("GET", "/health/live").status == 200)
        }
    }

    @Test("All tokens of one address share its larger rate, and guesses at that address can't use it up")
    func addressRate() async throws {
        let settings = [
            "ADMIN_RATE": "1/1h", "ADMIN_BURST": "2", "ADMIN_ADDRESS_RATE": "2/1h",
            "ADMIN_TOKENS": (0..<8).map { "admin-\($0):token-number-\($0)" }.joined(separator: ","),
        ]
        try await TestAPI.with(settings) { api in
            func call(_ token: String) async throws -> Answer {
                try await api.client.send("GET", Self.path, ["X-Admin-Token": token])
            }
            for guess in 0..<30 { _ = try await call("guess-\(guess)") }
            // The address has five times the burst of a token; guesses took two of its ten calls.
            var answers: [Answer] = []
            for number in 0..<10 { answers.append(try await call("token-number-\(number % 8)")) }
            #expect(answers.map(\.status) == Array(repeating: 200, count: 8) + [429, 429])
            #expect(
                answers.map { $0.headers["ratelimit-remaining"] } == Array(repeating: "1", count: 7) + ["0", "0", "0"])
            #expect(answers.last?.headers["ratelimit-limit"] == "10", "the tighter one is told")
            let wait = try #require(answers.last?.headers["retry-after"].flatMap { Int($0) })
            #expect((1700...1800).contains(wait))
        }
    }

    @Test(
        "An address is limited as one client has it",
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("unknown", "unknown"),
        ])
    func limitedAddress(address: String, key: String) { #expect(AccessGate.limitedAddress(address) == key) }

    @Test("Without a configured token every admin call is refused")
    func disabled() async throws {
        try await TestAPI.with(["ADMIN_TOKENS": ""]) { api in
            for headers in [[:], Self.token, ["X-Admin-Token": ""]] {
                let answer = try await api.client.send("GET", Self.path, headers)
                #expect(answer.status == 401)
                #expect(answer.json["detail"]?.string?.contains("API key or an admin token") == true)
            }
        }
    }

    @Test("A participant can be registered, changed, shown without its secrets, and removed")
    func participants() async throws {
        try await TestAPI.with(["ALLOW_PLAIN_SECRETS": "true"]) { api in
            let path = "\(Self.path)/payments"
            let body =
                #"{"url":"https://pay.example/v1","maxConcurrent":5,"rate":{"perSecond":2.5},"headers":{"Authorization":"Bearer canary"}}"#
            let created = try await api.client.send("PUT", path, body: body, Self.token)
            #expect(created.status == 201)
            #expect(try await api.client.send("PUT", path, body: body, Self.token).status == 200)
            let shown = try await api.client.send("GET", path, Self.token)
            let list = try await api.client.send("GET", Self.path, Self.token)
            #expect(shown.json["url"] == "https://pay.example/v1")
            #expect(shown.json["headerNames"] == ["Authorization"])
            #expect(
                created.json["rate"] == ["perSecond": 2.5, "burst": 1] && shown.json["rate"] == created.json["rate"])
            let told = try await api.database.query("SELECT detail->'rate'->>'perSecond' FROM audit_trail LIMIT 1")
            #expect(told == [["2.5"]])
            for answer in [created, shown, list] { #expect(!answer.text.contains("canary")) }
            let stored = try await api.database.query(
                "SELECT url, max_concurrent, headers->>'Authorization', updated_by FROM participants")
            #expect(stored == [["https://pay.example/v1", "5", "Bearer canary", "tester"]])
            #expect(try await api.client.send("DELETE", path, Self.token).status == 204)
            #expect(try await api.client.send("GET", path, Self.token).status == 404)
        }
    }

    @Test("What engines that live tell of a participant is shown, and nothing where all is well or the engine is gone")
    func engines() async throws {
        try await TestAPI.with { api in
            for name in ["p", "q"] {
                let path = "\(Self.path)/\(name)"
                let put = try await api.client.send("PUT", path, body: #"{"url":"http://93.184.216.34"}"#, Self.token)
                #expect(put.status == 201)
            }
            _ = try await api.database.query(
                """
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight, report)
                SELECT gen_random_uuid(), host, '1', now(), now() - age, 0, report::json FROM (VALUES
                    ('here', interval '1 s', '{"participants": {"p": {"breaker": "open", "lastError": "It hangs."}}}'),
                    ('gone', interval '20 s', '{"participants": {"p": {"breaker": "open"}}}'),
                    ('old', interval '1 s', '{}'), ('odd', interval '1 s', '{"participants": {"p": 1}}')
                ) e (host, age, report)
                """)
            let list = try await api.client.send("GET", Self.path, Self.token).json["participants"]?.array ?? []
            let told = list.first { $0["name"] == "p" }?["engines"]?.array ?? []
            #expect(told.map { $0["host"] } == ["here"])
            #expect(told.first?["breaker"] == "open")
            #expect(told.first?["lastError"] == "It hangs.")
            #expect(list.first { $0["name"] == "q" }?["engines"] == [])
            #expect(try await api.client.send("GET", "\(Self.path)/p", Self.token).json["engines"] == .array(told))
        }
    }

    @Test("A breaker is registered whole, in part, not at all, or switched off, and shown as it will be")
    func breakers() async throws {
        try await TestAPI.with { api in
            let standard: JSON = ["failureThreshold": 5, "successThreshold": 2, "openFor": "30s"]
            for (asked, shown) in [
                ("", standard), (#","breaker":null"#, standard), (#","breaker":{}"#, standard),
                (#","breaker":false"#, false),
                (
                    #","breaker":{"openFor":"1s","failureThreshold":9}"#,
                    ["failureThreshold": 9, "successThreshold": 2, "openFor": "1s"]
                ),
            ] {
                let path = "\(Self.path)/p"
                let body = #"{"url":"https://p.example"\#(asked)}"#
                #expect(try await api.client.send("PUT", path, body: body, Self.token).json["breaker"] == shown)
                #expect(try await api.client.send("GET", path, Self.token).json["breaker"] == shown)
            }
            // Rows from before there were breakers.
            _ = try await api.database.query("UPDATE participants SET breaker = NULL")
            #expect(try await api.client.send("GET", "\(Self.path)/p", Self.token).json["breaker"] == standard)
        }
    }

    @Test(
        "Which secrets sign a participant's calls is registered, shown and audited by their names, and can be taken back"
    )
    func signatures() async throws {
        try await TestAPI.with { api in
            let path = "\(Self.path)/p"
            for (asked, shown) in [
                (#","signWith":["new","old"]"#, ["new", "old"]), (#","signWith":[]"#, []), (#","signWith":null"#, []),
                (#","signWith":["new"]"#, ["new"]), ("", []),
            ] as [(String, JSON)] {
                let body = #"{"url":"https://p.example"\#(asked)}"#
                #expect(try await api.client.send("PUT", path, body: body, Self.token).json["signWith"] == shown)
                #expect(try await api.client.send("GET", path, Self.token).json["signWith"] == shown)
                let actions = try await api.client.send("GET", "/v1/admin/audit?limit=1", Self.token)
                #expect(actions.json["entries"]?[0]?["detail"]?["signWith"] == shown, "\(actions.text)")
            }
        }
    }

    @Test("Secret headers and tokens appear in no answer and no log, whatever is wrong with the request")
    func secrets() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines.handler }
        try await TestDatabase.with { database in
            let settings = ["ADMIN_TOKENS": "a:canary-token", "ALLOW_PLAIN_SECRETS": "true"]
            try await TestAPI.with(settings, on: database, logger: logger) { api in
                let token = ["X-Admin-Token": "canary-token"]
                let path = "\(Self.path)/p"
                for body in [
                    #"{"url":"https://p.example","headers":{"X-Key":"canary-1"}}"#,
                    #"{"url":"https://p.example","headers":{"X-Key":"canary-2\u0001"}}"#,
                    #"{"url":"https://p.example","headers":{"X-Key":{"a":"canary-3"}}}"#,
                    #"{"url":"https://p.example","headers":{"Host":"canary-4"}}"#,
                    #"{"url":"https://p.example","headers":"canary-5"}"#,
                    #"{"url":"https://u:canary-6@p.example"}"#, #"{"url":"https://p.example?key=canary-7"}"#,
                    #"{"url":"https://p.example","headers":{"X-Key":"canary-8"}"#,
                    #"{"url":"https://p.example","headers":{"X-Key":"canary-9","X-Key":"canary-9"}}"#,
                    #"{"url":"https://p.example","headers":{"X-Key":"canary-\ud800"}}"#,
                ] {
                    let answer = try await api.client.send("PUT", path, body: body, token)
                    #expect(!answer.text.contains("canary"), "\(answer.text)")
                }
                for method in ["GET", "DELETE"] {
                    #expect(!(try await api.client.send(method, path, token).text.contains("canary")))
                }
                let wrong = try await api.client.send("GET", path, ["X-Admin-Token": "canary-guess"])
                #expect(wrong.status == 401 && !wrong.text.contains("canary"))
            }
        }
        #expect(lines.all.contains { $0.contains("participant registered") })
        #expect(lines.all.filter { $0.contains("canary") } == [])
    }

    @Test("A name that can't be looked up now is accepted: engines judge its address when they connect")
    func unresolvable() async throws {
        try await TestAPI.with { api in
            let body = #"{"url":"http://participant.invalid"}"#
            let answer = try await api.client.send("PUT", "\(Self.path)/p", body: body, Self.token)
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    @Test("A host that is refused can be allowed by name")
    func allowed() async throws {
        try await TestAPI.with(["PARTICIPANT_ALLOW": "169.254.1.1, fe80::1"]) { api in
            for (url, status) in [
                ("http://169.254.1.1:80", 201), ("http://[fe80::1]/x", 200), ("http://169.254.1.2", 422),
            ] {
                let body = #"{"url":"\#(url)"}"#
                let answer = try await api.client.send("PUT", "\(Self.path)/p", body: body, Self.token)
                #expect(answer.status == status, "\(url)")
            }
        }
    }

    @Test("A version registered again is the same when its content is, in whatever order")
    func definitions() async throws {
        try await TestAPI.with { api in
            let call = #""action":{"participant":"p","path":"/x"}"#
            func register(_ body: String) async throws -> Answer {
                try await api.client.send("POST", "/v1/admin/workflows", body: body, Self.token)
            }
            let first = try await register(#"{"name":"w","version":"1.0.0","steps":[{"id":"a",\#(call)}]}"#)
            #expect(first.status == 201)
            #expect(first.headers["location"] == "/v1/workflows/w/1.0.0")
            let again = try await register(#"{ "version":"1.0.0","steps":[{\#(call),"id":"a"}], "name":"w" }"#)
            #expect(again.status == 200)
            let other = try await register(#"{"name":"w","version":"1.0.0","steps":[{"id":"b",\#(call)}]}"#)
            #expect(other.status == 409)
        }
    }
}
