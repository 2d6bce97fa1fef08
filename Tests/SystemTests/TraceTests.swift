import Core
import TestSupport
import Testing

@Suite("Traces of the whole system", .serialized)
struct TraceTests {
    /// The caller's own span.
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let callerSpan = "b7ad6b7169203331"

    @Test(
        """
        a run whose engine is SIGKILLed in the middle of a call is one trace in a tracing backend: the caller's, with \
        the request, the run, and every attempt there was, the lost one and the compensations included
        """, .timeLimit(.minutes(3)))
    func oneTrace() async throws {
        try await TraceBackend.with { backend in
            try await Deployment.with { system in
                let telemetry = [
                    "OTEL_EXPORTER_OTLP_ENDPOINT": backend.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50",
                    "LOG_LEVEL": "info", "LOG_FORMAT": "json",
                ]
                let engine = ["--lease", "1s", "--poll", "100ms"]
                let port = try Ports.take()
                try await system.startMocks(injectFailure: 0, seed: 1)
                try await system.startAPI("api", port: port, ["--admin-burst", "100"], telemetry)
                try await system.register(port: port)
                try system.startEngine("engine-1", engine, telemetry)
                let runID = try await start(system, port: port)

                // What engine-1 has told by now survives it: the request's span and the first call's are there.
                try await system.until(.seconds(20), "the second call is under way") {
                    let started = "SELECT count(*) FROM step_attempts WHERE step_id = 'reserve-inventory'"
                    return try await system.test.value(started) == "1"
                }
                _ = try await backend.spans(of: Self.trace, atLeast: 2)
                #expect(await system.kill("engine-1"))
                try system.startEngine("engine-2", engine, telemetry)
                try await system.untilAllTerminal(.seconds(60))

                try await compare(system, backend, runID)
                #expect(try system.output(of: "engine-2").contains("\"traceId\":\"\(Self.trace)\""))
            }
        }
    }

    /// An order that is paid and reserved, each call taking its time, and then undone because the mail is refused.
    private func start(_ system: Deployment, port: Int) async throws -> String {
        let input: JSON = [
            "orderId": "order-1", "amount": 100, "quantity": 1, "email": "a@example.com", "sku": "book",
            "delay": "1500ms", "fail": ["status": 400, "steps": ["send-confirmation-email"]],
        ]
        let answer = try await system.http.send(
            "POST", port: port, "/v1/workflows/order-processing/start", ["input": input],
            headers: [("traceparent", "00-\(Self.trace)-\(Self.callerSpan)-01")])
        return try #require(answer.json["runId"]?.string, "\(answer)")
    }

    private func compare(_ system: Deployment, _ backend: TraceBackend, _ runID: String) async throws {
        let status = try await system.test.value("SELECT status FROM workflow_runs")
        #expect(status == "COMPENSATED")
        let rows = try await system.test.value(
            "SELECT string_agg(concat_ws(' ', action, step_id, attempt, outcome), ',') FROM step_attempts")
        let attempts = try #require(rows).split(separator: ",").map(String.init).sorted()
        #expect(attempts.contains("execute reserve-inventory 1 unknown"), "no attempt was lost: \(attempts)")
        #expect(attempts.contains { $0.hasPrefix("compensate") })

        let spans = try await backend.spans(of: Self.trace, atLeast: attempts.count + 2)
        #expect(Set(spans.map(\.spanID)).count == spans.count)
        let request = try #require(spans.first { $0.name.hasPrefix("POST ") })
        let run = try #require(spans.first { $0.name.hasPrefix("run ") })
        let calls = spans.filter { $0.attributes["saga.action"] != nil }
        #expect(spans.count == calls.count + 2)
        #expect(request.parentSpanID == Self.callerSpan)
        #expect(run.parentSpanID == request.spanID)
        #expect(calls.allSatisfy { $0.parentSpanID == run.spanID })
        #expect(calls.map(Self.describe).sorted() == attempts)
        for span in spans { #expect(span.attributes["runId"] == .string(runID), "\(span)") }
        for call in calls {
            #expect((call.error == nil) == (call.attributes["saga.outcome"] == "succeeded"), "\(call)")
            #expect(call.start <= call.end && call.start >= request.start && call.end <= run.end, "\(call)")
        }
    }

    /// A call's span as the row of its attempt.
    private static func describe(_ span: StoredSpan) -> String {
        ["saga.action", "stepId", "attemptNo", "saga.outcome"]
            .map { span.attributes[$0].map { $0.string ?? $0.text } ?? "-" }.joined(separator: " ")
    }
}
