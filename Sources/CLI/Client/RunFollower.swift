import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

/// Follows a run to its end over the live stream, and goes on where it was when the stream breaks off.
struct RunFollower {
    let client: APIClient
    let runID: String

    /// How long the API may be away before that is an error.
    private static let patience = Duration.seconds(30)

    /// Gives every event once, in order, to `show`; returns the run's status when it is over.
    func follow(_ show: (JSON) -> Void) async throws -> String {
        var last = 0
        var awaySince: ContinuousClock.Instant?
        var pause = Duration.milliseconds(100)
        while true {
            do throws(CLIError) {
                let before = last
                if let status = try await read(&last, show) { return status }
                // Ended without an end: a restart of the API, or a proxy that is tired of us.
                if last > before { (awaySince, pause) = (nil, .milliseconds(100)) }
            } catch {
                switch error {
                // Without a place for one more stream, too: there will be one.
                case .unreachable, .refused(status: 503, _): break
                case .refused, .misunderstood, .unusable: throw error
                }
                let since = awaySince ?? .now
                awaySince = since
                if .now - since > Self.patience { throw error }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    /// One connection's worth of events; the status if the run is over.
    private func read(_ last: inout Int, _ show: (JSON) -> Void) async throws(CLIError) -> String? {
        let response = try await client.stream(runID, after: last)
        // Nothing is left to resume: the run is over, and we have seen its end (or what came after, if it was revived).
        if response.status.code == 204 { return try await status() }
        var parser = ServerSentEvents()
        // A run that failed may have been revived: only the stream's end tells that an end was the last.
        var ended: String?
        do {
            for try await chunk in response.body {
                for event in parser.feed(chunk.readableBytesView) {
                    guard let sequence = Int(event.id), sequence > last else { continue }
                    guard let json = try? JSON(parsing: event.data, limits: .answers) else {
                        throw CLIError.misunderstood("event \(event.id) is no JSON")
                    }
                    last = sequence
                    show(json)
                    ended = json["kind"]?.string.flatMap { Self.ends[$0] }
                }
            }
        } catch let error as CLIError {
            throw error
        } catch {
            throw .unreachable(url: client.url, reason: APIClient.reason(error))
        }
        return ended
    }

    private func status() async throws(CLIError) -> String {
        let run = try await client.send(.get, "/v1/runs/\(runID)").json
        guard let status = run["run"]?["status"]?.string else { throw .misunderstood("a run without a status") }
        return status
    }

    /// Terminal events and what the run is after them.
    private static let ends = [
        "run_completed": "COMPLETED", "run_compensated": "COMPENSATED", "run_cancelled": "CANCELLED",
        "run_failed": "FAILED", "run_quarantined": "FAILED",
    ]
}
