import Core
import Storage

/// Waits for runs to end, by asking: often at first, as most runs end within milliseconds, then ever more rarely.
struct RunWatcher: Sendable {
    private static let firstPause: Duration = .milliseconds(5)
    private static let longestPause: Duration = .milliseconds(500)

    let reader: RunReader

    /// Nil when there is no such run.
    func status(of id: RunID) async throws(StoreError) -> RunStatus? { try await reader.status(of: id) }

    /// The run's status when it has ended or `limit` has passed, whichever is first; nil when there is no such run.
    ///
    /// Ends early, with the status so far, when the process is told to stop.
    func waitForEnd(of id: RunID, atMost limit: Duration) async throws -> RunStatus? {
        let giveUpAt = ContinuousClock.now + limit
        var pause = Self.firstPause
        while true {
            let status = try await reader.status(of: id)
            guard let status, !status.isTerminal, .now < giveUpAt else { return status }
            guard await Pause.isOver(until: min(.now + pause, giveUpAt)) else { return status }
            pause = min(pause * 3 / 2, Self.longestPause)
        }
    }
}
