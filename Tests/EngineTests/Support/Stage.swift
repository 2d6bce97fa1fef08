import Core
@testable import Engine
import Logging
import Postgres
import ServiceLifecycle
import Settings
import Storage
import Testing
import TestSupport

/// A database, a participant and engines, as a test wants them.
struct Stage: Sendable {
    let test: TestDatabase
    let participant: TestParticipant
    let reader: RunReader

    /// Runs `body` on a stage where `demo` is the participant.
    static func with(
        _ definitions: [WorkflowDefinition], answer: @escaping TestParticipant.Answer = { _ in (200, #"{"ok":true}"#) },
        _ body: @Sendable @escaping (Stage) async throws -> Void
    ) async throws {
        try await TestDatabase.with { test in
            for definition in definitions { try await test.register(definition) }
            try await TestParticipant.with(answer) { participant, port in
                try await test.execute(
                    """
                    INSERT INTO participants (participant_name, url, updated_by)
                    VALUES ('demo', 'http://127.0.0.1:\(port)', 'tests')
                    """)
                try await body(
                    Stage(test: test, participant: participant, reader: RunReader(pool: test.database.reads)))
            }
        }
    }

    /// Runs `body` beside an engine, which is stopped as by SIGTERM afterwards.
    ///
    /// - Parameters:
    ///   - onListening: is told the port of its ops server.
    ///   - logger: where it logs; nil for hardly anywhere.
    func withEngine(
        _ flags: [String] = [], environment more: [String: String] = ["PUBLIC_URL": "http://127.0.0.1:1/saga/"],
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }, logger: Logger? = nil,
        _ body: @Sendable @escaping (Engine) async throws -> Void
    ) async throws {
        var settings = Settings(
            program: "sagaflow-engine", about: "under test",
            arguments: ["sagaflow-engine", "--ops-port", "0"] + flags,
            environment: ["DATABASE_URL": test.url, "PARTICIPANT_ALLOW": "127.0.0.0/8"].merging(more) { $1 })
        var quiet = Logger(label: "engine")
        quiet.logLevel = .critical
        let logger = logger ?? quiet
        let engine = try Engine(try EngineConfiguration(&settings), logger: logger)
        let services = try await engine.services(stoppedBy: [], onListening: onListening)
        let outcome: Result<Void, any Error> = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(engine)) } catch { outcome = .failure(error) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            return outcome
        }
        await engine.close()
        try outcome.get()
    }

    /// Starts runs as the API does.
    func start(
        _ definition: WorkflowDefinition, count: Int = 1, input: JSON = ["orderId": "o-1"], startAt: Instant? = nil,
        tenantID: String = "default", pause: WorkflowPause? = nil, lane: Lane? = nil
    ) async throws -> [RunID] {
        let runs = (0..<count).map { _ in
            NewRun.sample(
                definition, input: input, startAt: startAt, tenantID: tenantID, lane: lane, pause: pause)
        }
        for batch in stride(from: 0, to: count, by: 100) {
            let part = Array(runs[batch..<min(count, batch + 100)])
            let starter = RunStarter(pool: test.database.writes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await starter.run() }
                for run in part { _ = try await starter.submit(run) }
                starter.close()
                try await group.waitForAll()
            }
        }
        _ = try await test.query("SELECT pg_notify('\(Channel.outbox)', '')")
        return runs.map(\.run.id)
    }

    /// A run that was quarantined with its first call in flight; `before` may ask for something first.
    func quarantined(
        _ definition: WorkflowDefinition, before: @Sendable (RunID) async throws -> Void
    ) async throws -> RunID {
        let runID = try await start(definition)[0]
        let dead = LeaseStore(database: test.database, engine: .sample(), length: .seconds(60))
        let claimed = try #require(try await dead.claim(limit: 1).first)
        try await before(runID)
        let isDone = try await dead.quarantine(
            claimed.lease, Failure(kind: "quarantined", message: "It kills engines."))
        #expect(isDone)
        return runID
    }

    /// Asks the run's lease holder for something, as the API does.
    func send(_ request: InboxRequest, to runID: RunID) async throws {
        let inbox = RunInbox(database: test.database)
        switch request.kind {
        case .cancel, .retry, .settle, .pause, .resume, .undo, .signal, .callback, .heartbeat,
            .childEnded:
            #expect(try await inbox.ask(runID, request) == .accepted)
        case .resolve:
            let asked = try await test.database.writes.execute(
                SendToEndedRuns(runIDs: [runID], request: request, action: .resolveStep))
            #expect(asked == [runID])
        }
        _ = try await test.query(
            "SELECT pg_notify('\(Channel.inbox)', '\(runID)'), pg_notify('\(Channel.outbox)', '')")
    }

    /// Waits until the run stands so; fails after 20 s.
    func wait(
        for runID: RunID, _ what: String, until isSo: (RunRow, [StepRow]) async throws -> Bool
    ) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < giveUpAt {
            if let (run, steps) = try await reader.find(runID), try await isSo(run, steps) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        let state = try await reader.find(runID)
        Issue.record(
            "the run never became \(what): \(String(describing: state?.run.status)) \(kinds(try await events(runID)))")
        throw CancellationError()
    }

    /// Waits until the run is terminal and gives its status.
    func end(of runID: RunID) async throws -> RunStatus {
        try await wait(for: runID, "terminal") { run, _ in run.status.isTerminal }
        return try #require(try await reader.status(of: runID))
    }

    func events(_ runID: RunID) async throws -> [StoredEvent] { try await reader.events(of: runID) }

    func kinds(_ events: [StoredEvent]) -> [String] {
        events.map {
            [$0.kind, $0.row.stepID, $0.row.action?.rawValue].compactMap { $0 }.joined(separator: " ")
        }
    }

    /// The rows are what the history says, and a terminal run has no outbox row.
    func expectConsistent(_ runID: RunID, _ definition: WorkflowDefinition) async throws {
        let (row, steps) = try #require(try await reader.find(runID))
        let run = try HistoryFold.fold(try await events(runID), of: row, definition: definition)
        #expect(HistoryFold.differences(run, row: row, steps: steps) == [])
        let pulses = try await test.value("SELECT count(*) FROM outbox WHERE run_id = '\(runID)'")
        #expect(pulses == (row.status.isTerminal ? "0" : "1"))
    }
}
