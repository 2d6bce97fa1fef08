extension PeerResults {
    /// A row for each system, and below it what those figures are made of.
    var lines: [String] {
        [Self.head, row("sagaflow", sagaflow, ratios: nil, sagaflow.latency.map { ($0.acceptMs, $0.finishMs) })]
            + peers.map { peer in
                row(
                    peer.name.title, peer.figures, ratios: (peer.ratio, peer.cpuRatio),
                    peer.figures.latency.map { ($0.acceptMs, $0.finishMs) })
            }
            + ["", "versions: \(Self.listed(versions))", ""] + Self.detail("sagaflow", sagaflow, of: "runs")
            + peers.flatMap(\.lines)
    }

    private static let widths = [16, 10, 8, 14, 8, 22]

    private static func columns(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { cell, width in
            cell + String(repeating: " ", count: max(1, width - cell.count))
        }
        return (padded + cells.dropFirst(widths.count)).joined()
    }

    private static let head = columns(
        ["system", "each/s", "ratio", "CPU, µs each", "ratio", "durable, p50 / p99", "finished, p50 / p99"])

    /// Of several ways to take latency the one that finishes earliest stands in the table.
    private func row(
        _ name: String, _ side: Side<some Encodable & Sendable>, ratios: (rate: Double, cpu: Double)?,
        _ latency: [(accept: Percentiles, finish: Percentiles)]
    ) -> String {
        let best = latency.min { $0.finish.p50 < $1.finish.p50 }
        return Self.columns([
            name, side.perSecond.places(0), ratios?.rate.places(1) ?? "", side.cpuUsTotal.places(0),
            ratios?.cpu.places(1) ?? "", best?.accept.pair ?? "", best?.finish.pair ?? "",
        ])
    }

    fileprivate static func detail(
        _ name: String, _ side: Side<some Encodable & Sendable>, of what: String
    ) -> [String] {
        [
            "\(name): median of \(side.byRound.listed) a second, \(side.runs) \(what) each",
            "  CPU, µs each: \(listed(side.cpuUs.mapValues { $0.places(0) }))",
        ]
    }

    fileprivate static func listed(_ words: [String: String]) -> String {
        words.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

extension PeerFigures {
    fileprivate var lines: [String] {
        PeerResults.detail(name.title, figures, of: "workflows")
            + ["  settings, \(tried.count) were tried: \(settings)", "  versions: \(PeerResults.listed(versions))"]
            + figures.latency.map { "  \($0.way): durable \($0.acceptMs.pair), finished \($0.finishMs.pair)" }
    }
}

extension Peer.Latency {
    /// How workflows get going, and how many a second where that is a setting.
    fileprivate var way: String {
        let rate = setting("rate").map { " \($0) a second" } ?? ""
        return (setting("shape") ?? "") + rate
    }

    private func setting(_ name: String) -> String? {
        settings.split(separator: ",").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}
