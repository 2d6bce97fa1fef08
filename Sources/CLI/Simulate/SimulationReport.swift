import Core

/// What a simulation came to.
struct SimulationReport {
    let workflow: String
    let asked: Int
    private let starts: StartLog.Summary
    private let ends: Ends
    private let startSeconds: Double
    private let seconds: Double

    init(workflow: String, asked: Int, starts: StartLog.Summary, ends: Ends, begun: ContinuousClock.Instant) {
        self.workflow = workflow
        self.asked = asked
        self.starts = starts
        self.ends = ends
        startSeconds = ((starts.finishedAt ?? .now) - begun).seconds
        seconds = (ends.seenAt - begun).seconds
    }

    /// Acknowledged, but not to be found.
    var lost: Int { starts.acknowledged.count { ends.statuses[$0] == nil } }
    /// Found, but not over.
    var unfinished: Int { ends.statuses.count - ends.count }
    /// Every order was started and ended.
    var isComplete: Bool { lost == 0 && unfinished == 0 && starts.refused == 0 && ends.count == asked }

    private var runsPerSecond: Double { seconds > 0 ? Double(ends.count) / seconds : 0 }
    private var startsPerSecond: Double {
        startSeconds > 0 ? Double(starts.acknowledged.count) / startSeconds : 0
    }

    func text(_ paint: Paint) -> String {
        var lines = [
            "\(starts.acknowledged.count) orders of \(workflow) in \(seconds.fixed(2)) s: "
                + "\(startsPerSecond.fixed(1)) started a second, \(runsPerSecond.fixed(1)) ended a second"
        ]
        for (status, count) in ends.byStatus.sorted(by: { $0.key < $1.key }) {
            lines.append("  " + RunView.painted(status, paint) + " \(count)".right(22 - status.count))
        }
        for (name, count) in [("refused", starts.refused), ("lost", lost), ("not ended", unfinished)] where count > 0 {
            lines.append("  " + paint.red(name) + " \(count)".right(22 - name.count))
        }
        if let refusal = starts.refusal { lines.append("  first refusal: \(refusal)") }
        lines.append("start to answer   " + line(starts.answeredIn))
        lines.append("start to end      " + line(ends.durations))
        return lines.joined(separator: "\n")
    }

    /// `{workflow, asked, started, refused, lost, unfinished, byStatus, seconds, startsPerSecond, runsPerSecond,
    /// startMs: {p50, p90, p99}, endMs: {p50, p90, p99}}`; percentiles of nothing are null.
    var json: JSON {
        let byStatus = ends.byStatus.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSON($0.value)) }
        return [
            "workflow": .string(workflow), "asked": JSON(asked), "started": JSON(starts.acknowledged.count),
            "refused": JSON(starts.refused), "lost": JSON(lost), "unfinished": JSON(unfinished),
            "byStatus": .object(JSONObject(byStatus)), "seconds": number(seconds),
            "startsPerSecond": number(startsPerSecond), "runsPerSecond": number(runsPerSecond),
            "startMs": percentiles(starts.answeredIn), "endMs": percentiles(ends.durations),
        ]
    }

    private func line(_ durations: [Duration]) -> String {
        let texts = [50, 90, 99].map { percent in
            "p\(percent) " + (Self.percentile(percent, of: durations)?.readable ?? "-").left(10)
        }
        return texts.joined(separator: "  ")
    }

    private func percentiles(_ durations: [Duration]) -> JSON {
        var object = JSONObject()
        for percent in [50, 90, 99] {
            let milliseconds = Self.percentile(percent, of: durations).map { $0.seconds * 1000 }
            object["p\(percent)"] = milliseconds.map(number) ?? .null
        }
        return .object(object)
    }

    private func number(_ value: Double) -> JSON {
        JSONNumber((value * 1000).rounded() / 1000).map { .number($0) } ?? .null
    }

    /// The smallest value that this percentage of all does not exceed (nearest rank); nil of nothing.
    static func percentile(_ percent: Int, of durations: [Duration]) -> Duration? {
        guard !durations.isEmpty else { return nil }
        let rank = (durations.count * percent + 99) / 100
        return durations.sorted()[max(0, rank - 1)]
    }
}

extension Duration {
    var seconds: Double { Double(microseconds) / 1_000_000 }
}
