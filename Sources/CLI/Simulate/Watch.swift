import Core

/// What became of a simulation's runs.
struct Ends: Sendable {
    /// Status by run, as last seen.
    var statuses: [String: String] = [:]
    /// From the start's commit to the end's, by the database's clock.
    var durations: [Duration] = []
    /// When all had ended, or the time was over.
    var seenAt: ContinuousClock.Instant = .now

    /// How many are in each status.
    var byStatus: [String: Int] { statuses.values.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    /// How many are over.
    var count: Int { statuses.values.count { RunStatus(rawValue: $0)?.isTerminal == true } }
}

/// Asks for a simulation's runs again and again: never more than a fifth of the time is spent on it.
struct Watch: Sendable {
    let client: APIClient
    let correlationID: String
    let starts: StartLog
    let progress: Progress

    private static let pageSize = 500

    /// Returns when every acknowledged run has ended, or `limit` after the last start.
    func untilAllEnded(within limit: Duration) async throws -> Ends {
        while true {
            let asked = ContinuousClock.now
            let summary = starts.summary
            let ends = try await look()
            progress.show(starts.summary, ends)
            if let finishedAt = summary.finishedAt {
                let isDone = summary.acknowledged.allSatisfy { runID in
                    ends.statuses[runID].flatMap { RunStatus(rawValue: $0)?.isTerminal } ?? false
                }
                if isDone || .now - finishedAt > limit { return ends }
            }
            try await Task.sleep(for: max(.milliseconds(200), (.now - asked) * 4))
        }
    }

    private func look() async throws -> Ends {
        var ends = Ends()
        var cursor: String?
        repeat {
            let page = try await page(after: cursor)
            for run in page["runs"]?.array ?? [] {
                guard let runID = run["runId"]?.string, let status = run["status"]?.string else { continue }
                ends.statuses[runID] = status
                guard let begin = run["createdAt"]?.string.flatMap({ Instant($0) }),
                    let end = run["completedAt"]?.string.flatMap({ Instant($0) })
                else { continue }
                ends.durations.append(end - begin)
            }
            cursor = page["nextCursor"]?.string
        } while cursor != nil
        ends.seenAt = .now
        return ends
    }

    /// An API that is away for a moment is asked again: runs go on without it.
    private func page(after cursor: String?) async throws -> JSON {
        let next = cursor.map { "&cursor=\($0.pathSegment)" } ?? ""
        let path = "/v1/runs?correlationId=\(correlationID)&limit=\(Self.pageSize)\(next)"
        for pause in [200, 500, 1000, 2000, 5000] {
            do throws(CLIError) { return try await client.send(.get, path).json } catch {
                switch error {
                case .unreachable, .refused(status: 503, _): try await Task.sleep(for: .milliseconds(pause))
                case .refused, .misunderstood, .unusable: throw error
                }
            }
        }
        return try await client.send(.get, path).json
    }
}
