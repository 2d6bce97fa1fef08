/// What came of a phase.
enum Measured<Phase: Encodable & Sendable>: Encodable, Sendable {
    case figures(Phase)
    /// This machine does not allow it.
    case notMeasured(reason: String)

    private enum CodingKeys: CodingKey {
        case notMeasured
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .figures(let figures): try figures.encode(to: encoder)
        case .notMeasured(let reason):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(reason, forKey: .notMeasured)
        }
    }
}

/// A phase can't be measured on this machine, which is no failure.
struct NotMeasured: Error {
    let reason: String
}

/// All figures of a run; phases that were left out are nil.
struct Results: Encodable, Sendable {
    let machine: String
    let quick: Bool
    var leaseSeconds = Takeover.leaseSeconds
    var latency: Measured<Latency>?
    var throughput: Measured<ClosedLoops>?
    var reads: Measured<Reads>?
    var sweep: Measured<Sweep>?
    var compensated: Measured<ClosedLoops>?
    var kinds: Measured<Kinds>?
    var fairness: Measured<Fairness>?
    var floor: Measured<Floor>?
    var scaling: Measured<Scaling>?
    var memory: Measured<Memory>?
    var takeover: Measured<Takeover>?
    var burst: Measured<Burst>?
    var snapshot: Measured<OldSnapshot>?
    var history: Measured<History>?
    var sleeping: Measured<Sleeping>?
    var console: Measured<ConsolePages>?
}

extension Results {
    /// The figures, and the rows of the table beside them.
    var file: Beside<Results, Rows> { Beside(figures: self, detail: Rows(rows: rows)) }

    struct Rows: Encodable, Sendable {
        let rows: [Row]
    }
}
