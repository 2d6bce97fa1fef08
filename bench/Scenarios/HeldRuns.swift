import Core
import NIOCore

/// Runs in calls that the participant does not answer.
struct HeldRuns: Sendable {
    /// When the first was started, microseconds since 1970.
    let since: Int64

    /// Starts `count` runs, and returns when `isHeld` says that all are where they should be.
    ///
    /// - Throws: `invalid` when that takes more than 100 s: soon after, the first calls would time out.
    static func start(
        _ count: Int, at target: APITarget, _ participant: ParticipantControl, on loop: any EventLoop,
        until isHeld: () async throws -> (Int, String)
    ) async throws -> HeldRuns {
        try await participant.setMode("hold=gate")
        let load = try await Load.start(count, at: target, on: loop)
        let clock = ContinuousClock()
        let giveUpAt = clock.now + .seconds(100)
        while true {
            let (held, what) = try await isHeld()
            if held == count { return HeldRuns(since: load.firstSentAt) }
            guard clock.now < giveUpAt else { throw BenchError.invalid("only \(held) of \(count) \(what)") }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}
