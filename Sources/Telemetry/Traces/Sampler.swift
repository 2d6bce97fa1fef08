/// Which traces are kept (OpenTelemetry trace SDK, "Built-in samplers").
package enum Sampler: Hashable, Sendable {
    case alwaysOn
    case alwaysOff
    /// Keeps this share of the traces, 0...1, the same ones in every process.
    case traceIDRatio(Double)
    /// Does as the parent does; what follows decides where there is none.
    indirect case parentBased(root: Sampler)

    /// Whether a span of this trace is kept.
    package func decide(parent: TraceContext?, traceID: TraceID) -> Bool {
        switch self {
        case .alwaysOn: true
        case .alwaysOff: false
        case .traceIDRatio(let ratio): Self.isBelow(ratio, traceID)
        case .parentBased(let root): parent?.isSampled ?? root.decide(parent: nil, traceID: traceID)
        }
    }

    /// Compares the low 63 bits of the id's last eight bytes with the ratio, as the other SDKs do, so that a trace they
    /// keep is kept here too, and a higher ratio keeps all that a lower one does.
    private static func isBelow(_ ratio: Double, _ traceID: TraceID) -> Bool {
        guard ratio < 1 else { return true }
        guard ratio > 0 else { return false }
        return traceID.low >> 1 < UInt64(ratio * 0x1p63)
    }
}
