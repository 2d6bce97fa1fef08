import Core
import Synchronization

/// Takes in spans that have ended, for `TraceExport` to send.
///
/// Never waits and never fails: when the queue is full, spans are dropped and counted.
package final class Tracer: Sendable {
    /// What became of the spans so far, for metrics.
    package struct Statistics: Hashable, Sendable {
        /// Spans a collector has taken.
        package var exported = 0
        /// Spans that came when the queue was full, could not be delivered, or were refused by the collector.
        package var dropped = 0
        /// Batches that were given up.
        package var failedExports = 0
        /// Spans that wait now.
        package var queued = 0
    }

    /// Keeps nothing. Callers ask `isEnabled` first, so that a hot path does not even make the ids.
    package static let disabled = Tracer(sampler: .alwaysOff, queue: SpanQueue(capacity: 0, batch: 1), isEnabled: false)

    /// Whether spans go anywhere.
    package let isEnabled: Bool
    private let sampler: Sampler
    let queue: SpanQueue

    init(sampler: Sampler, queue: SpanQueue, isEnabled: Bool = true) {
        self.sampler = sampler
        self.queue = queue
        self.isEnabled = isEnabled
    }

    /// The context of a span that begins: the parent's trace, or a new one, sampled as configured.
    ///
    /// - Parameter spanID: an id that is known before the span begins; random when nil. Not zero.
    package func start(parent: TraceContext?, spanID: UInt64? = nil) -> TraceContext {
        let traceID = parent?.traceID ?? .random()
        return TraceContext(
            traceID: traceID, spanID: spanID ?? TraceContext.randomSpanID(),
            isSampled: sampler.decide(parent: parent, traceID: traceID), isRandom: parent?.isRandom ?? false)
    }

    /// Takes in a span that has ended; one that is not sampled is ignored.
    package func record(_ span: SpanRecord) {
        guard isEnabled, span.context.isSampled else { return }
        var span = span
        span.cutTexts()
        queue.append(span)
    }

    package var statistics: Statistics { queue.statistics }
}

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

extension Tracer {
    /// Registers what became of the spans.
    package func register(in registry: MetricsRegistry) {
        registry.read("trace_spans_exported_total", "Spans that a collector has taken.", .counter) {
            [.init(self.statistics.exported)]
        }
        registry.read(
            "trace_spans_dropped_total", "Spans lost to a full queue, or to a collector that was away or refused them.",
            .counter
        ) { [.init(self.statistics.dropped)] }
    }
}
