/// All systems' figures, and how sagaflow's compare with each of the others'.
struct PeerResults: Encodable, Sendable {
    let machine: String
    /// Of what all share, and of sagaflow.
    let versions: [String: String]
    let sagaflow: Side<Latency>
    let peers: [PeerFigures]

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
    }

    /// - Parameters:
    ///   - loops: sagaflow's rounds, at least one.
    ///   - measured: the peers in the order of the table.
    init(
        machine: String, versions: [String: String], _ loops: [ClosedLoop], _ latency: [Latency],
        _ measured: [MeasuredPeer]
    ) {
        self.machine = machine
        self.versions = versions
        let sagaflow = Side(
            loops.map(\.sagasPerSecond), runs: loops[0].runs, cpu: loops.map(\.cpuUsPerSaga.byProcess),
            latency: latency)
        self.sagaflow = sagaflow
        peers = measured.map { PeerFigures($0, beside: sagaflow) }
    }
}

/// What was measured of one peer.
struct MeasuredPeer: Sendable {
    let name: PeerName
    let versions: [String: String]
    var tried: [Peer.Load] = []
    var latency: [Peer.Latency] = []
    /// Its rounds, at least one in the end.
    var loads: [Peer.Load] = []
}

/// One peer's figures, and how sagaflow's compare with them.
struct PeerFigures: Encodable, Sendable {
    let name: PeerName
    let versions: [String: String]
    let settings: String
    let callsCounted: String
    let figures: PeerResults.Side<Peer.Latency>
    /// Of what is done a second: sagaflow's to the peer's.
    let ratio: Double
    /// Of the CPU each: the peer's to sagaflow's.
    let cpuRatio: Double
    let tried: [Peer.Load]

    init(_ measured: MeasuredPeer, beside sagaflow: PeerResults.Side<Latency>) {
        let (name, loads) = (measured.name, measured.loads)
        self.name = name
        versions = measured.versions
        settings = loads[0].settings
        callsCounted = loads[0].callsCounted
        figures = PeerResults.Side(
            loads.map(\.workflowsPerSecond), runs: loads[0].runs, cpu: loads.map(\.cpuUsPerWorkflow),
            latency: measured.latency)
        ratio = sagaflow.perSecond / figures.perSecond
        cpuRatio = figures.cpuUsTotal / sagaflow.cpuUsTotal
        tried = measured.tried
    }
}

extension Array where Element == Double {
    /// The middle one, or half-way between the two in the middle.
    fileprivate var middle: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
