import Audit
import Checker
import Core
import Foundation
import Postgres
import TestSupport
import Testing

/// One thing that must never happen, done by hand.
private struct Plant: Sendable {
    let invariant: Int
    let what: String
    /// On a run that was undone; else on one that completed.
    var onUndone = false
    /// The participant in whose database it is done; nil for ours.
    var participant: String?
    /// `$RUN` stands for the run's id.
    let sql: String

    static let completed = [
        Plant(
            invariant: 2, what: "a run that never ends",
            sql: "UPDATE workflow_runs SET status = 'RUNNING', completed_at = NULL WHERE run_id = '$RUN'"),
        Plant(
            invariant: 3, what: "an outbox row of a terminal run",
            sql: "INSERT INTO outbox (run_id, available_at, epoch) VALUES ('$RUN', now() + interval '1 day', 99)"),
        Plant(
            invariant: 3, what: "an inbox row nobody will read",
            sql: "INSERT INTO run_inbox (run_id, kind, sent_by) VALUES ('$RUN', 'cancel', 'me')"),
        Plant(
            invariant: 4, what: "an effect that was made twice", participant: "payments",
            sql: ledger("charge-payment", "execute", 1, "effect", "now()", effect: 1)),
        Plant(
            invariant: 4, what: "an effect that is gone", participant: "inventory",
            sql: ledger("reserve-inventory", "compensate", 1, "undo", "now()", effect: -1)),
        Plant(
            invariant: 8, what: "a call nobody intended", participant: "payments",
            sql: ledger("charge-payment", "execute", 9, "received", "now()")),
        Plant(
            invariant: 8, what: "a call before its intent", participant: "payments",
            sql: ledger("charge-payment", "execute", 1, "received", "now() - interval '1 hour'")),
        Plant(
            invariant: 9, what: "another body under the same key", participant: "payments",
            sql: ledger("charge-payment", "execute", 1, "received", "now()", body: "sha256('other')")),
        Plant(
            invariant: 9, what: "the same key at another participant", participant: "orders",
            sql: ledger("charge-payment", "execute", 1, "received", "now()")),
        Plant(
            invariant: 10, what: "a step that went before what it depends on", participant: "inventory",
            sql: ledger("reserve-inventory", "execute", 1, "received", "now() - interval '1 hour'")),
        Plant(
            invariant: 11, what: "a gap in the history",
            sql: "DELETE FROM run_events WHERE run_id = '$RUN' AND seq = 3"),
        Plant(
            invariant: 11, what: "something after the end",
            sql: """
                INSERT INTO run_events (run_id, seq, at, kind, epoch)
                SELECT '$RUN', max(seq) + 1, now(), 'deadline_exceeded', max(epoch) FROM run_events WHERE run_id = '$RUN'
                """),
        Plant(
            invariant: 12, what: "a step's row that the history does not tell of",
            sql: "UPDATE run_steps SET attempts = 7 WHERE run_id = '$RUN' AND step_index = 1"),
        Plant(
            invariant: 12, what: "a run's row that the history does not tell of",
            sql: "UPDATE workflow_runs SET updated_at = updated_at + interval '1 second' WHERE run_id = '$RUN'"),
        Plant(
            invariant: 12, what: "a snapshot that has not seen the end",
            sql: "UPDATE workflow_runs SET snapshot_seq = snapshot_seq - 1 WHERE run_id = '$RUN'"),
        Plant(
            invariant: 12, what: "a snapshot that can't be read",
            sql: "UPDATE workflow_runs SET snapshot = '[{}]' WHERE run_id = '$RUN'"),
        Plant(
            invariant: 11, what: "a row of the journal that counts what is not there",
            sql: "UPDATE run_journal SET event_count = event_count + 1 WHERE run_id = '$RUN' AND seq = 1"),
        Plant(
            invariant: 13, what: "a write under an old epoch",
            sql: "UPDATE run_events SET epoch = 0 WHERE run_id = '$RUN' AND kind = 'run_completed'"),
        Plant(
            invariant: 13, what: "two engines under one epoch",
            sql: "UPDATE run_events SET engine_id = gen_random_uuid() WHERE run_id = '$RUN' AND kind = "
                + "'run_completed'"),
        Plant(
            invariant: 14, what: "an attempt beyond the maximum",
            sql: """
                UPDATE run_events SET attempt = 4 WHERE run_id = '$RUN' AND step_id = 'charge-payment'
                    AND kind IN ('attempt_started', 'attempt_succeeded')
                """),
        Plant(
            invariant: 15, what: "two keys for one run",
            sql: """
                INSERT INTO idempotency_keys
                SELECT 'default', 'key-' || n || '$RUN', sha256('x'), '$RUN', now() FROM generate_series(1, 2) n
                """),
        Plant(
            invariant: 17, what: "a cancel that was accepted and forgotten",
            sql: """
                UPDATE run_events SET seq = seq + 1 WHERE run_id = '$RUN' AND kind = 'run_completed';
                INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
                SELECT run_id, seq - 1, at, 'cancel_requested', epoch, '{"by":"me","reason":null}'
                FROM run_events WHERE run_id = '$RUN' AND kind = 'run_completed'
                """),
    ]

    static let undone = [
        Plant(
            invariant: 5, what: "an effect that was left out", onUndone: true,
            sql: """
                UPDATE run_events SET data = '{"steps":["create-order"],"uncompensated":[]}'
                WHERE run_id = '$RUN' AND kind = 'run_compensating'
                """),
        Plant(
            invariant: 6, what: "a compensation before its dependents'", onUndone: true, participant: "orders",
            sql: ledger("create-order", "compensate", 1, "received", "now() - interval '1 hour'")),
        Plant(
            invariant: 6, what: "compensations stored in the wrong order", onUndone: true,
            sql: """
                UPDATE run_events SET step_index = 1 - step_index,
                    step_id = CASE step_index WHEN 0 THEN 'reserve-stock' ELSE 'create-order' END
                WHERE run_id = '$RUN' AND action = 'compensate'
                """),
        Plant(
            invariant: 11, what: "a step resolved of which nothing was left", onUndone: true,
            sql: """
                UPDATE run_events SET seq = seq + 1 WHERE run_id = '$RUN' AND kind = 'run_compensated';
                INSERT INTO run_events (run_id, seq, at, kind, step_index, step_id, action, epoch, data)
                SELECT run_id, seq - 1, at, 'step_resolved', 0, 'create-order', 'compensate', epoch,
                    '{"by":"me","reason":"by hand"}'
                FROM run_events WHERE run_id = '$RUN' AND kind = 'run_compensated'
                """),
        Plant(
            invariant: 7, what: "an effect after the compensation", onUndone: true, participant: "orders",
            sql: ledger("create-order", "execute", 1, "effect", "now()", effect: 1)),
    ]

    private static func ledger(
        _ step: String, _ action: String, _ attempt: Int, _ kind: String, _ at: String, effect: Int = 0,
        body: String? = nil
    ) -> String {
        let known = "(SELECT body_hash FROM ledger WHERE run_id = '$RUN' AND step_id = '\(step)' LIMIT 1)"
        return """
            INSERT INTO ledger (recorded_at, run_id, step_id, action, attempt, path, body_hash, kind, effect)
            VALUES (\(at), '$RUN', '\(step)', '\(action)', \(attempt), '/planted',
                coalesce(\(body ?? known), sha256('planted')), '\(kind)', \(effect))
            """
    }
}

extension NemesisTests {
    @Test("the checker sees each violation that is planted, and nothing where none is", .timeLimit(.minutes(2)))
    func plantedViolations() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port, ["--admin-burst", "100"])
            try await system.register(port: port)
            try system.startEngine("engine", ["--poll", "200ms"])
            // One of each more than is planted: those stay clean.
            let completed = try await start(
                Plant.completed.count + 1, "order-processing", amount: 10, system, port: port)
            let undone = try await start(Plant.undone.count + 1, "checkout", amount: 900, system, port: port)
            try await system.untilAllTerminal(.seconds(60))
            let clean = try await check(system, completed + undone)
            let isClean = clean.isPassed
            #expect(isClean, "\(clean.text)")
            #expect(clean.counts.runs == [.completed: completed.count, .compensated: undone.count])

            let planted = Array(zip(Plant.completed, completed)) + Array(zip(Plant.undone, undone))
            for (plant, run) in planted { try await plant.put(into: run.runID, system) }
            let forgotten = Acknowledgement(RunID.test(daysAgo: 0))
            let report = try await check(system, completed + undone + [forgotten])

            let seen = Dictionary(grouping: report.violations, by: \.runID).mapValues { Set($0.map(\.invariant)) }
            for (plant, run) in planted {
                let found = seen[run.runID] ?? []
                #expect(found.contains(plant.invariant), "\(plant.what): found \(found.sorted())")
            }
            #expect(seen[forgotten.runID] == [1])
            let expected = Set(planted.map(\.1.runID) + [forgotten.runID])
            #expect(Set(seen.keys) == expected)
        }
    }

    @Test("a check that saw too little fails", .timeLimit(.minutes(3)))
    func tooLittle() async throws {
        try await TestDatabase.with { test in
            let report = try await Checker.check(database: test.configuration, ledgers: [:])
            let isPassed = report.isPassed
            #expect(!isPassed)
            #expect(report.shortfalls == ["0 runs, at least 1 are needed"])
        }
    }

    private func check(_ system: Deployment, _ acknowledged: [Acknowledgement]) async throws -> Report {
        try await Checker.check(
            database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] }, acknowledged: acknowledged)
    }

    private func start(
        _ count: Int, _ workflow: String, amount: Int, _ system: Deployment, port: Int
    ) async throws -> [Acknowledgement] {
        var started: [Acknowledgement] = []
        for number in 0..<count {
            let input: JSON = [
                "orderId": .string("order-\(number)"), "amount": JSON(amount), "sku": "sku-1", "quantity": 1,
                "email": "a@example.com",
            ]
            let answer = try await system.http.send(
                "POST", port: port, "/v1/workflows/\(workflow)/start", ["input": input])
            started.append(
                Acknowledgement(try #require(answer.json["runId"]?.string.flatMap { RunID($0) }, "\(answer)")))
        }
        return started
    }
}

extension Plant {
    fileprivate func put(into run: RunID, _ system: Deployment) async throws {
        let sql = sql.replacing("$RUN", with: run.description)
        guard let participant else { return try await system.test.execute(sql) }
        let name = system.participantDatabase(participant)
        let connection = try await Connection.connect(system.test.configuration.database(name))
        do { _ = try await connection.simpleQuery(sql) } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}
