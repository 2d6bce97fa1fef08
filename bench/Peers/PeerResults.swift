/// Both systems' figures, and how they compare.
struct PeerResults: Encodable, Sendable {
    let machine: String
    let versions: [String: String]
    let sagaflow: Side<Latency>
    let dbos: Beside<Side<Peer.Latency>, Trials>
    /// Of what is done a second.
    let ratio: Double
    let cpuRatio: Double

    struct Side<Latency: Encodable & Sendable>: Encodable, Sendable {
        /// The median of the rounds.
        let perSecond: Double
        let byRound: [Double]
        let runs: Int
        /// Microseconds each, by process: medians.
        let cpuUs: [String: Double]
        /// Without the participant.
        let cpuUsTotal: Double
        let latency: [Latency]

        init(_ rates: [Double], runs: Int, cpu: [[String: Double]], latency: [Latency]) {
            perSecond = rates.middle
            byRound = rates
            self.runs = runs
            let names = Set(cpu.flatMap(\.keys))
            cpuUs = Dictionary(uniqueKeysWithValues: names.map { name in (name, cpu.compactMap { $0[name] }.middle) })
            cpuUsTotal = cpuUs.reduce(0) { $1.key == "participant" ? $0 : $0 + $1.value }.figure
            self.latency = latency
        }

        var cpuText: String { PeerResults.listed(cpuUs.mapValues { $0.places(0) }) }
    }

    struct Trials: Encodable, Sendable {
        let settings: String
        let callsCounted: String
        let tried: [Peer.Load]
    }

    /// - Parameters:
    ///   - loops: sagaflow's rounds, at least one.
    ///   - loads: the peer's, at least one.
    init(
        machine: String, versions: [String: String], _ loops: [ClosedLoop], _ latency: [Latency], _ loads: [Peer.Load],
        _ peerLatency: [Peer.Latency], tried: [Peer.Load]
    ) {
        self.machine = machine
        self.versions = versions
        sagaflow = Side(
            loops.map(\.sagasPerSecond), runs: loops[0].runs, cpu: loops.map(\.cpuUsPerSaga.byProcess),
            latency: latency)
        let peer = Side(
            loads.map(\.workflowsPerSecond), runs: loads[0].runs, cpu: loads.map(\.cpuUsPerWorkflow),
            latency: peerLatency)
        dbos = Beside(
            figures: peer,
            detail: Trials(settings: loads[0].settings, callsCounted: loads[0].callsCounted, tried: tried))
        ratio = sagaflow.perSecond / peer.perSecond
        cpuRatio = peer.cpuUsTotal / sagaflow.cpuUsTotal
    }

    private static func listed(_ words: [String: String]) -> String {
        words.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// The table.
    var lines: [String] {
        func row(_ name: String, _ value: String) -> String {
            "  " + String((name + String(repeating: " ", count: 34)).prefix(34)) + value
        }
        func both(_ times: Percentiles) -> String { "\(times.p50.places(2)) / \(times.p99.places(2)) ms" }
        let (peer, trials) = (dbos.figures, dbos.detail)
        return [
            row("versions", Self.listed(versions)),
            row("sagaflow", "\(sagaflow.perSecond.places(0)) sagas/s"),
            row("", "median of \(sagaflow.byRound.listed); \(sagaflow.runs) runs each"),
            row("DBOS Transact", "\(peer.perSecond.places(0)) workflows/s"),
            row("", "median of \(peer.byRound.listed); \(peer.runs) runs each"),
            row("  settings, \(trials.tried.count) were tried", trials.settings),
            row("ratio", ratio.places(1)),
            row("CPU, µs per saga", "\(sagaflow.cpuUsTotal.places(0)) without the participant"),
            row("", sagaflow.cpuText),
            row("CPU, µs per workflow", "\(peer.cpuUsTotal.places(0)) without the participant"),
            row("", peer.cpuText),
            row("ratio of CPU", cpuRatio.places(1)),
        ]
            + sagaflow.latency.flatMap {
                [
                    row("sagaflow: POST to 202, p50 / p99", both($0.acceptMs)),
                    row("sagaflow: POST to terminal", both($0.finishMs)),
                ]
            }
            + peer.latency.flatMap {
                [
                    row("DBOS \($0.shape): start to durable", both($0.acceptMs)),
                    row("DBOS \($0.shape): start to SUCCESS", both($0.finishMs)),
                ]
            }
    }
}

extension Peer.Latency {
    /// How workflows get going, of the settings.
    var shape: String {
        guard let begin = settings.firstRange(of: "shape=")?.upperBound else { return "" }
        return String(settings[begin...].prefix { $0.isLowercase })
    }
}

extension Array where Element == Double {
    /// The middle one, or half-way between the two in the middle.
    fileprivate var middle: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
