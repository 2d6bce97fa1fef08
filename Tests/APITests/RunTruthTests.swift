import Core
import Foundation
import Testing

@testable import API

/// What the API, and the page of a run, tell of steps that do not stand as most do; and of long histories.
@Suite(.timeLimit(.minutes(1))) struct RunTruthTests {
    private static func plant(
        _ api: TestAPI, _ run: String, status: String, snapshot: String, events: [[JSON]]
    ) async throws {
        var (rows, sequence) = ([String](), 1)
        for batch in events {
            let text = JSON.array(batch).text
            rows.append(
                "('\(run)', \(sequence + 1), \(batch.count), now() + interval '\(sequence) ms', 1, gen_random_uuid(), '\(text)')"
            )
            sequence += batch.count
        }
        let journal =
            rows.isEmpty
            ? ""
            : "INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events) VALUES "
                + rows.joined(separator: ",") + ";"
        try await api.database.query(
            """
            BEGIN;
            UPDATE workflow_runs SET status = '\(status)', snapshot = '\(snapshot)', snapshot_seq = \(sequence)
                WHERE run_id = '\(run)';
            \(journal)
            COMMIT
            """)
    }

    @Test func `A step that is accepted, unknown, taken over or in a person's hands says so, and others say nothing`()
        async throws
    {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register(steps: ["a", "b", "c", "d", "e"])
            let run = try await api.start()
            let snapshot = """
                {"steps":[{"id":"a","status":"EXECUTING","attempts":1,"accepted":true},
                    {"id":"b","status":"FAILED","attempts":2,"ambiguous":true},
                    {"id":"c","status":"SUCCEEDED","attempts":3,"ambiguous":true,"compensation":"PENDING","compensationAttempts":1,"compensationAmbiguous":true},
                    {"id":"d","status":"SUCCEEDED","kept":true},
                    {"id":"e","status":"FAILED","attempts":1,"awaitsPerson":true}]}
                """
            try await Self.plant(api, run, status: "RUNNING", snapshot: snapshot, events: [])
            let answer = try await api.client.send("GET", "/v1/runs/\(run)")
            let marks = ["accepted", "outcomeUnknown", "compensationOutcomeUnknown", "kept", "awaitsOperator"]
            let told = answer.json["steps"]?.array?.map { step in marks.filter { step[$0] == true } }
            // An attempt of c had no usable answer, and a later one has succeeded.
            #expect(
                told == [
                    ["accepted"], ["outcomeUnknown"], ["compensationOutcomeUnknown"], ["kept"], ["awaitsOperator"],
                ],
                "\(answer.text)")
            #expect(!answer.text.contains("false,\"kept") && answer.json["steps"]?[3]?["accepted"] == nil)
            let page = try await api.client.send("GET", "/console/runs/\(run)").text
            #expect(page.contains("s-accepted") && page.contains("s-kept") && page.contains("s-person"))
        }
    }

    @Test func `A run that was started in a trace names it, and its page leads there`() async throws {
        let settings = [
            "AUTH": "open", "CONSOLE_TRACE_URL": "https://tempo.example/trace/{traceId}",
            "CONSOLE_LOGS_URL": "https://logs.example/?q={runId}&from={from}&to={to}",
        ]
        try await TestAPI.with(settings) { api in
            try await api.register()
            let trace = "0af7651916cd43dd8448eb211c80319c"
            let run = try await api.start("w", ["traceparent": "00-\(trace)-b7ad6b7169203331-01"])
            #expect(try await api.client.send("GET", "/v1/runs/\(run)").json["run"]?["traceId"]?.string == trace)
            let page = try await api.client.send("GET", "/console/runs/\(run)").text
            #expect(page.contains(#"href="https://tempo.example/trace/\#(trace)""#))
            #expect(page.contains(#"href="https://logs.example/?q=\#(run)&amp;from=20"#))
            let other = try await api.start()
            #expect(try await api.client.send("GET", "/v1/runs/\(other)").json["run"]?["traceId"] == nil)
            #expect(try await !api.client.send("GET", "/console/runs/\(other)").text.contains("tempo.example"))
            for (name, url) in [
                ("CONSOLE_TRACE_URL", "https://tempo.example/"), ("CONSOLE_TRACE_URL", "javascript:{traceId}"),
                ("CONSOLE_LOGS_URL", "https://logs.example/{password}"),
            ] {
                #expect(throws: (any Error).self, "\(url)") {
                    _ = try TestAPI.configuration([name: url], api.database)
                }
            }
        }
    }

    @Test
    func
        `The page of a run of ten thousand events has all of them in its timeline, the latest in its table, and is small`()
        async throws
    {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register(steps: ["a", "b"])
            let run = try await api.start()
            let batches = (0..<20).map { batch in
                (0..<250).flatMap { number -> [JSON] in
                    let attempt = JSON(batch * 250 + number + 1)
                    return [
                        ["kind": "attempt_started", "step": 0, "stepId": "a", "action": "execute", "attempt": attempt],
                        [
                            "kind": "attempt_failed", "step": 0, "stepId": "a", "action": "execute", "attempt": attempt,
                            "outcome": "busy",
                            "httpStatus": 429, "error": ["kind": "busy", "message": "It is busy."],
                        ],
                    ]
                }
            }
            let snapshot = #"{"steps":[{"id":"a","status":"PENDING","attempts":5000},{"id":"b","status":"PENDING"}]}"#
            try await Self.plant(api, run, status: "RUNNING", snapshot: snapshot, events: batches)
            let begun = ContinuousClock.now
            let page = try await api.client.send("GET", "/console/runs/\(run)", within: .seconds(50))
            print("a run of 10,001 events: \(ContinuousClock.now - begun), \(page.body.count) bytes")
            #expect(page.status == 200 && page.body.count < 150_000, "\(page.body.count)")
            #expect(!page.text.contains("Of the first"))
            // What is drawn as one says of how many it is one.
            let drawn = page.text.matches(of: /a: (\d+) attempts?,/).compactMap { Int($0.output.1) }
            let timeline = page.text.firstRange(of: "class=\"timeline\"").map {
                page.text[$0.lowerBound...].prefix(3000)
            }
            #expect(drawn.reduce(0, +) == 5000, "\(drawn) \(timeline ?? "none")")
            #expect(page.text.contains("<td>10001</td>") && page.text.contains("From the beginning"))
            #expect(page.text.matches(of: /<td>\d+<\/td><td>/).count >= 100)
            let begin = try await api.client.send("GET", "/console/runs/\(run)?after=0", within: .seconds(50))
            #expect(begin.text.contains("<td>1</td>") && begin.text.contains("Later events"))
            let again = ContinuousClock.now
            _ = try await api.client.send("GET", "/console/runs/\(run)", within: .seconds(50))
            print("and once more: \(ContinuousClock.now - again)")
        }
    }
}
