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
