import Logging

/// Sends one batch after another, each with a few tries, and says at most once a minute that it does not work.
struct BatchSender {
    /// The tries of one batch.
    static let tries = 5
    private static let silence: Duration = .seconds(60)

    let client: OTLPClient
    let queue: SpanQueue
    let resource: [(key: String, value: SpanRecord.AttributeValue)]
    let version: String
    /// For one batch with all its tries.
    let timeout: Duration
    let logger: Logger
    private var lastWarning: ContinuousClock.Instant?

    init(
        client: OTLPClient, queue: SpanQueue, resource: [(key: String, value: SpanRecord.AttributeValue)],
        version: String, timeout: Duration, logger: Logger
    ) {
        self.client = client
        self.queue = queue
        self.resource = resource
        self.version = version
        self.timeout = timeout
        self.logger = logger
    }

    /// Delivers the batch, or counts it as dropped.
    ///
    /// After the queue was closed nothing is waited for: one try, so that a collector that is away does not hold up the
    /// end of the process.
    mutating func send(_ spans: [SpanRecord]) async {
        let body = TraceRequest.encode(spans, resource: resource, version: version)
        let end = ContinuousClock.now + timeout
        var wait: Duration = .milliseconds(250)
        for attempt in 1...Self.tries {
            switch await client.send(body, within: end - .now) {
            case .taken(let rejected, let reason):
                let rejected = min(rejected, spans.count)
                queue.count(exported: spans.count - rejected, dropped: rejected)
                if rejected > 0 || !reason.isEmpty {
                    warn("the collector refused spans", ["spans": "\(rejected)", "error": "\(reason)"])
                }
                return
            case .refused(let reason): return giveUp(spans, reason)
            case .later(let asked, let reason):
                let pause = max(asked ?? .zero, wait * Double.random(in: 0.5...1.5))
                let isFutile = attempt == Self.tries || queue.isClosed || .now + pause >= end || Task.isCancelled
                if isFutile { return giveUp(spans, reason) }
                await queue.waitForClose(atMost: pause)
                wait = wait * 2
            }
        }
    }

    private mutating func giveUp(_ spans: [SpanRecord], _ reason: String) {
        queue.count(dropped: spans.count, failedExports: 1)
        warn("traces were dropped", ["spans": "\(spans.count)", "error": "\(reason)"])
    }

    private mutating func warn(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        let now = ContinuousClock.now
        if let lastWarning, now - lastWarning < Self.silence { return }
        lastWarning = now
        let statistics = queue.statistics
        logger.warning(
            message,
            metadata: metadata.merging(["droppedSoFar": "\(statistics.dropped)"]) { own, _ in own })
    }
}
