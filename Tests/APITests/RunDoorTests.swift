import Core
import Testing

@testable import API

/// Where a run stands: its steps are in every state there is, or in every one but a compensation that gave up.
private struct Stand: Sendable, CustomTestStringConvertible {
    var status: RunStatus
    var isQuarantined = false
    var hasGivenUp = true

    var testDescription: String {
        status.rawValue + (isQuarantined ? ", quarantined" : "") + (hasGivenUp ? "" : ", no compensation gave up")
    }

    static let all =
        RunStatus.allCases.map { Stand(status: $0) } + [
            Stand(status: .compensating, hasGivenUp: false), Stand(status: .failed, hasGivenUp: false),
            Stand(status: .failed, isQuarantined: true), Stand(status: .failed, isQuarantined: true, hasGivenUp: false),
        ]

    /// Not due, due for the first time, or due again.
    private static let waits: [(isDue: Bool, attempts: Int)] = [(false, 1), (true, 0), (true, 1)]

    /// Every combination of the two statuses, with every kind of waiting.
    var steps: [Step] {
        var steps: [Step] = []
        for status in StepStatus.allCases {
            for compensation in CompensationStatus.allCases where hasGivenUp || compensation != .failed {
                for wait in Self.waits {
                    var step = Step()
                    step.status = status
                    step.compensationStatus = compensation
                    (step.attempts, step.compensationAttempts) = (wait.attempts, wait.attempts)
                    step.nextAttemptAt = wait.isDue ? Instant("2100-01-01T00:00:00Z") : nil
                    step.isAmbiguous = wait.attempts > 0 && steps.count.isMultiple(of: 2)
                    steps.append(step)
                }
            }
        }
        return steps
    }

    /// What the decider has before it.
    func run(_ id: String) throws -> Run {
        let steps = steps
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": .array(
                steps.indices.map { ["id": .string("s\($0)"), "action": ["participant": "p", "path": "/x"]] }),
        ])
        let runID = try #require(RunID(id))
        var run = Run(id: runID, definition: definition, input: [:], context: [:], createdAt: .init(microseconds: 0))
        run.status = status
        run.error = isQuarantined ? Failure(kind: Failure.quarantinedKind, message: "It is poison.") : nil
        run.steps = Steps(steps)
        return run
    }
}

/// Public and admin routes lead to the same door, and it lets in what the decider would do.
@Suite("What may be asked of a run")
struct RunDoorTests {
    private static let token = ["X-Admin-Token": TestAPI.token]

    @Test(
        "In every state of run and step the API lets in what the decider would do, and answers admins and others alike",
        .timeLimit(.minutes(2)), arguments: Stand.all)
    private func everyState(_ stand: Stand) async throws {
        try await TestAPI.with { api in
            try await api.register(steps: stand.steps.indices.map { "s\($0)" })
            let id = try await api.start()
            try await api.put(stand, into: id)
            let run = try stand.run(id)
            var revivals = 0
            func post(_ path: String, _ body: JSON? = nil, _ headers: [String: String] = [:]) async throws -> Answer {
                let answer = try await api.client.send("POST", path, body: body?.text, headers)
                #expect(answer.status == 202 || answer.status == 409, "\(path): \(answer.text)")
                if answer.status == 202, stand.status == .failed { revivals += 1 }
                return answer
            }
            let whole = try await post("/v1/admin/runs/\(id)/retry", nil, Self.token)
            #expect((whole.status == 202) == run.canRetry(step: nil), "\(whole.text)")
            for (index, step) in run.steps.enumerated() {
                let what =
                    "\(step.status), \(step.compensationStatus), due \(step.nextAttemptAt != nil), \(step.attempts)"
                let anybodys = try await post("/v1/runs/\(id)/steps/s\(index)/retry")
                #expect((anybodys.status == 202) == run.canRetry(step: index), "\(what): \(anybodys.text)")
                let admins = try await post(
                    "/v1/admin/runs/\(id)/retry", ["stepId": .string("s\(index)")], Self.token)
                #expect(
                    admins.status == anybodys.status && admins.problem == anybodys.problem, "\(what): \(admins.text)")
                if stand.isQuarantined { try await api.forgetRequests() }
                let resolved = try await post(
                    "/v1/admin/runs/\(id)/resolve",
                    ["stepId": .string("s\(index)"), "resolution": "compensated", "reason": "by hand"], Self.token)
                #expect((resolved.status == 202) == run.canResolve(step: index), "\(what): \(resolved.text)")
            }
            if stand.status == .failed {
                let actions = "SELECT count(*) FROM audit_trail WHERE subject = 'runs/\(id)'"
                #expect(try await api.database.query(actions) == [["\(revivals)"]])
            }
        }
    }

    @Test("A request that is let into a run that lives wakes it and is told to admins, whoever asked, by either route")
    func live() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            try await api.database.query(
                """
                UPDATE workflow_runs SET status = 'COMPENSATING', cause = 'STEP_FAILED' WHERE run_id = '\(id)';
                UPDATE run_steps SET compensation_status = CASE step_id WHEN 'a' THEN 'FAILED' ELSE 'COMPENSATING' END
                """)
            let resolve = #"{"stepId":"a","resolution":"compensated","reason":"by hand"}"#
            for (path, body, headers) in [
                ("runs/\(id)/steps/a/retry", nil, [:]), ("admin/runs/\(id)/retry", #"{"reason":"mended"}"#, Self.token),
                ("admin/runs/\(id)/resolve", resolve, Self.token),
            ] {
                let answer = try await api.client.send("POST", "/v1/\(path)", body: body, headers)
                #expect(answer.status == 202 && answer.headers["location"] == "/v1/runs/\(id)", "\(answer.text)")
            }
            let refused = try await api.client.send(
                "POST", "/v1/admin/runs/\(id)/resolve", body: resolve.replacing("\"a\"", with: "\"b\""), Self.token)
            #expect(
                refused.problem == "step-not-resolvable" && refused.text.contains("not so of b."), "\(refused.text)")
            let requests = "SELECT kind, sent_by FROM run_inbox ORDER BY inbox_id"
            let asked = [["retry", "client"], ["retry", "tester"], ["resolve", "tester"]]
            #expect(try await api.database.query(requests) == asked)
            #expect(
                try await api.database.query("SELECT inbox_count, available_at <= now() FROM outbox") == [["3", "t"]])
            let actions = "SELECT action, actor FROM audit_trail WHERE subject = 'runs/\(id)' ORDER BY number"
            #expect(
                try await api.database.query(actions)
                    == [["retry_run", "client"], ["retry_run", "tester"], ["resolve_step", "tester"]])
        }
    }
}

extension TestAPI {
    /// The rows of a run become those of one that stands so.
    fileprivate func put(_ stand: Stand, into id: String) async throws {
        let rows = stand.steps.enumerated().map { index, step in
            "(\(index), '\(step.status.rawValue)', '\(step.compensationStatus.rawValue)', \(step.attempts), "
                + "\(step.isAmbiguous), \(step.nextAttemptAt.map { "'\($0)'::timestamptz" } ?? "NULL"))"
        }
        let error = #"'{"kind": "quarantined", "message": "It is poison."}'"#
        try await database.query(
            """
            UPDATE run_steps s SET status = v.status, compensation_status = v.compensation, attempts = v.attempts,
                compensation_attempts = v.attempts, is_ambiguous = v.is_ambiguous, next_attempt_at = v.due
            FROM (VALUES \(rows.joined(separator: ", "))) v (step, status, compensation, attempts, is_ambiguous, due)
            WHERE s.run_id = '\(id)' AND s.step_index = v.step;
            UPDATE workflow_runs SET status = '\(stand.status.rawValue)',
                error = \(stand.isQuarantined ? error : "NULL")
            WHERE run_id = '\(id)'
            """)
        if stand.status.isTerminal { try await forgetRequests() }
    }

    /// As if nothing had been asked of a FAILED run.
    fileprivate func forgetRequests() async throws {
        try await database.query("DELETE FROM outbox; DELETE FROM run_inbox")
    }
}
