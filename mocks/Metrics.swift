internal import Synchronization

/// Counts of one participant, for `/metrics`.
final class Metrics: Sendable {
    private struct Counts {
        var requests: [Request: Int] = [:]
        var entries: [String: Int] = [:]
    }

    private struct Request: Hashable {
        let path: String
        let status: Int
    }

    private let counts = Mutex(Counts())

    /// Counts an answer. `path` is one of the participant's own, or nil for those that are not: callers must not be able
    /// to make up labels.
    func answered(_ path: String?, status: Int) {
        counts.withLock { $0.requests[Request(path: path ?? "other", status: status), default: 0] += 1 }
    }

    /// Counts what became of a call, by kind of ledger entry.
    func handled(kind: String) {
        counts.withLock { $0.entries[kind, default: 0] += 1 }
    }

    /// Prometheus text, sorted.
    func text(participant: String) -> String {
        let counts = counts.withLock { $0 }
        var lines = [
            "# HELP mock_requests_total Requests answered.",
            "# TYPE mock_requests_total counter",
        ]
        let requests = counts.requests.sorted { ($0.key.path, $0.key.status) < ($1.key.path, $1.key.status) }
        for (key, count) in requests {
            lines.append(
                "mock_requests_total{participant=\"\(participant)\",path=\"\(key.path)\",status=\"\(key.status)\"} \(count)"
            )
        }
        lines.append("# HELP mock_calls_total Calls by what became of them; effect and undo changed something.")
        lines.append("# TYPE mock_calls_total counter")
        for (kind, count) in counts.entries.sorted(by: { $0.key < $1.key }) {
            lines.append("mock_calls_total{participant=\"\(participant)\",kind=\"\(kind)\"} \(count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
