import Core
import Glibc
import NIOCore

/// An engine that holds thousands of runs is killed: how long until none of them is its own any more.
///
/// The participant's calls and connections are counted from the kill on, and other clients of the API go on meanwhile: a
/// takeover must not be a stampede.
struct Takeover: Encodable, Sendable {
    let leasesHeld: Int
    /// Until the first lease was somebody else's.
    let firstSeconds: Double
    /// Until the last was.
    let takeoverSeconds: Double
    let completedSeconds: Double
    let participant: ParticipantCounts
    let otherCalls: OtherCalls
    let engineConnections: Int

    static let leaseSeconds = 5
    /// Milliseconds the participant holds each call of the survivor.
    static let latency = 50
    /// Connections of an engine to one participant when nothing is said; a takeover must keep to it.
    static let engineConnections = 256
}

extension Session {
    private struct Times: Sendable {
        let first: Double
        let all: Double
        let idle: Double
    }

    /// The engine that will be killed is alone until it holds all runs; its successor stands by.
    func takeover() async throws -> Takeover {
        let (runs, flags) = (sizes.heldRuns, ["--lease", "\(Takeover.leaseSeconds)s"] + Memory.engineFlags)
        try await mainSystemGone()
        try await system.up("takeover")
        try await system.startEngine(1, flags: flags)
        let takeover = try await measuring { database in
            let victim = try await database.newestEngine()
            let since = try await system.hold(runs) {
                (try await database.leases(of: victim), "runs are held by the engine")
            }
            try await system.startEngine(2, flags: flags)
            _ = try await database.newestEngine(besides: victim)
            let prober = try await Prober(
                port: system.target.port, run: try await database.anyRun(since: since), on: system.loop)
            // What is held already stays held, and ends with the engine that waits for it.
            try await system.participant.setMode("hold=\(Takeover.latency)")
            let (pid, participant) = (try system.process(.engine, "engine-1").pid, system.participant)
            let (times, others) = try await prober.probe {
                try await Self.kill(pid, victim, runs: runs, since: since, database, participant)
            }
            let counts = try await participant.counts()
            try await database.requireEnded(runs, as: .completed, since: since)
            return Takeover(
                leasesHeld: runs, firstSeconds: times.first.figure, takeoverSeconds: times.all.figure,
                completedSeconds: times.idle.figure, participant: counts, otherCalls: others,
                engineConnections: Takeover.engineConnections)
        }
        try await system.gone("takeover")
        return takeover
    }

    private static func kill(
        _ pid: Int32, _ engine: EngineID, runs: Int, since: Int64, _ database: BenchDatabase,
        _ participant: ParticipantControl
    ) async throws -> Times {
        let killedAt = NIODeadline.now()
        guard Glibc.kill(pid, SIGKILL) == 0 else { throw BenchError.noProcess(pid) }
        // What its sessions had sent is still carried out, and its connections end; no lease is over as soon as this.
        try await Task.sleep(for: .milliseconds(300))
        try await participant.reset()
        let held = try await database.leases(of: engine)
        guard held == runs else { throw BenchError.invalid("the killed engine held \(held) runs, not \(runs)") }
        var first: Double?
        while true {
            let left = try await database.leases(of: engine)
            let seconds = (NIODeadline.now() - killedAt).seconds
            if left < held, first == nil { first = seconds }
            if left == 0 {
                try await database.waitUntilIdle(since: since)
                return Times(first: first ?? seconds, all: seconds, idle: (NIODeadline.now() - killedAt).seconds)
            }
            guard seconds < Double(Takeover.leaseSeconds) + 60 else {
                throw BenchError.stalled("\(left) runs were never taken over")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension BenchDatabase {
    /// The engine that was started last, as soon as it has registered itself: which may be after it is ready.
    ///
    /// - Parameter known: one that was there before.
    func newestEngine(besides known: EngineID? = nil) async throws -> EngineID {
        let giveUpAt = ContinuousClock.now + .seconds(10)
        while true {
            let id = try await text("SELECT engine_id FROM engines ORDER BY started_at DESC LIMIT 1")
            if let id = id.flatMap({ EngineID($0) }), id != known { return id }
            guard ContinuousClock.now < giveUpAt else {
                throw BenchError.invalid("an engine has not registered itself")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The id of the first of the runs started since then.
    func anyRun(since start: Int64) async throws -> String {
        let id = try await text("SELECT run_id FROM workflow_runs WHERE \(Self.runs(start)) ORDER BY run_id LIMIT 1")
        guard let id else { throw BenchError.invalid("there is no run") }
        return id
    }
}
