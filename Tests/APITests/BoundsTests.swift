import Core
import Testing
import TestSupport

@testable import API

@Suite("No answer is larger than what was asked for can be worth")
struct BoundsTests {
    @Test("Lists carry no payloads unless asked to, nor what participants answered")
    func payloads() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start(body: #"{"input":{"n":1.50},"context":{"k":"v"}}"#)
            try await api.database.end(id, status: "FAILED")
            try await api.database.query(
                """
                UPDATE workflow_runs SET error = '{"kind": "compensation", "message": "m", "stepId": "a", "response": [1],
                    "before": {"kind": "rejected", "message": "n", "httpStatus": 422, "response": [2]}}'
                """)
            let list = try await api.client.send("GET", "/v1/runs")
            let run = list.json["runs"]?[0]
            for member in ["input", "output", "context"] { #expect(run?[member] == nil) }
            #expect(
                run?["error"] == [
                    "kind": "compensation", "message": "m", "stepId": "a",
                    "before": ["kind": "rejected", "message": "n", "httpStatus": 422],
                ], "\(list.text)")
            let whole = try await api.client.send("GET", "/v1/runs?include=payloads")
            let alone = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]
            #expect(whole.json["runs"]?[0] == alone, "\(whole.text)")
            #expect(whole.text.contains(#""input":{"n":1.50}"#), "numbers as they were written")
            #expect(alone?["error"]?["before"]?["response"] == [2] && alone?["output"] == ["done": true])
            #expect(try await api.client.send("GET", "/v1/runs?include=all").problem == "invalid-parameter")
        }
    }

    @Test("A page of large runs ends early, and its cursor leads to all of them")
    func pages() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let body = #"{"input":"\#(String(repeating: "x", count: 400_000))"}"#
            var started: [String] = []
            for _ in 0..<7 { started.append(try await api.start(body: body)) }
            var (seen, sizes, cursor): ([String], [Int], String?) = ([], [], nil)
            repeat {
                let next = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await api.client.send("GET", "/v1/runs?limit=500&include=payloads\(next)")
                seen += page.json["runs"]?.array?.compactMap { $0["runId"]?.string } ?? []
                sizes.append(page.body.count)
                cursor = page.json["nextCursor"]?.string
            } while cursor != nil && sizes.count < 10
            #expect(seen == started.reversed())
            #expect(sizes.count == 3 && sizes.allSatisfy { $0 < 1_500_000 }, "\(sizes)")
            let metrics = try await api.client.send("GET", "/metrics").text
            #expect(metrics.contains("\nlarge_answer_bytes 0\n"), "what was sent is given back")
        }
    }

    @Test("A long history comes in pages that end by bytes, and as a stream without a gap")
    func history() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
                SELECT '\(id)', i, now(), 'cancel_requested', 1, json_build_object('by', repeat('x', 200000))
                FROM generate_series(2, 20) i
                """)
            try await api.database.end(id, sequence: 21)
            var (seen, after, count): ([Int], Int?, Int) = ([], nil, 0)
            repeat {
                let query = after.map { "?after=\($0)" } ?? ""
                let page = try await api.client.send("GET", "/v1/runs/\(id)/events\(query)")
                #expect(page.body.count < 1_500_000)
                seen += page.json["events"]?.array?.compactMap { $0["seq"]?.int } ?? []
                after = page.json["nextAfter"]?.int
                count += 1
            } while after != nil && count < 10
            #expect(seen == Array(1...21) && count == 4)
            let stream = try await api.client.send(
                "GET", "/v1/runs/\(id)/events", ["Accept": "text/event-stream"])
            let ids = stream.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap {
                Int($0.dropFirst(4))
            }
            #expect(ids == Array(1...21))
        }
    }

    @Test("A history longer than a page says where it goes on, and that nothing follows when nothing does")
    func manyEvents() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, epoch)
                SELECT '\(id)', i, now(), 'cancel_requested', 1 FROM generate_series(2, 4000) i
                """)
            func page(after: Int) async throws -> (seqs: [Int?], nextAfter: JSON?) {
                let json = try await api.client.send("GET", "/v1/runs/\(id)/events?after=\(after)").json
                return (json["events"]?.array?.map { $0["seq"]?.int } ?? [], json["nextAfter"])
            }
            let first = try await page(after: 0)
            #expect(first.seqs == Array(1...2000) && first.nextAfter == 2000)
            // As many as a page holds, and the last of all there are: the run lives, and more may come.
            let second = try await page(after: 2000)
            #expect(second.seqs == Array(2001...4000) && second.nextAfter == .null)
            #expect(try await page(after: 4000) == ([], .null))
            try await api.database.end(id, sequence: 4001)
            #expect(try await page(after: 4000) == ([4001], .null))
            #expect(try await page(after: 1999) == (Array(2000...3999), 3999))
        }
    }

    @Test("A run whose outputs are megabytes is sent as they are read, whole")
    func largeRun() async throws {
        try await TestAPI.with { api in
            try await api.register(steps: (0..<40).map { "s\($0)" })
            let id = try await api.start(body: #"{"input":"\#(String(repeating: "i", count: 300_000))"}"#)
            try await api.database.query(
                """
                INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, attempt, outcome, duration_us,
                    epoch, data)
                SELECT '\(id)', i + 1, now(), 'attempt_succeeded', i, 's' || i, 'execute', 1, 'succeeded', 1000, 1,
                    json_build_object('output', json_build_array(repeat('y', 250000), 's' || i))
                FROM generate_series(1, 39) i
                """)
            try await api.database.end(id, sequence: 41)
            // The test's own client takes most of the time.
            let answer = try await api.client.send("GET", "/v1/runs/\(id)", within: .seconds(100))
            #expect(answer.status == 200 && answer.body.count > 39 * 250_000)
            let json = answer.json
            #expect(json["run"]?["input"]?.string?.count == 300_000)
            #expect(json["run"]?["output"] == ["done": true])
            let steps = json["steps"]?.array ?? []
            #expect(steps.map { $0["output"]?[1]?.string } == [nil] + (1..<40).map { "s\($0)" })
            // The body is never written, and what was set aside for it is given back all the same.
            let head = "HEAD /v1/runs/\(id) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let bytes = try await api.client.connected { stream in
                try await stream.send(head)
                while try await stream.receive() {}
                return stream.text
            }
            #expect(bytes.hasPrefix("HTTP/1.1 200") && bytes.hasSuffix("\r\n\r\n"))
            let metrics = try await api.client.send("GET", "/metrics").text
            #expect(metrics.contains("\nlarge_answer_bytes 0\n"))
        }
    }

    @Test("Members whose names are as long as a body make no answer as long")
    func longNames() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let body = #"{"\#(String(repeating: "/", count: 500_000))":1}"#
            let answer = try await api.client.send("POST", "/v1/workflows/w/start", body: body)
            #expect(answer.status == 422 && answer.body.count < 2000)
            let lines = try await api.importing(String(repeating: body + "\n", count: 3))
            #expect(lines.statuses == [422, 422, 422])
        }
    }
}
