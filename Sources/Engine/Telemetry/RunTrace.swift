import Core
import Storage
import Telemetry

/// The place of one run in a distributed trace.
///
/// The request that started the run is the parent of the run's span, which is the parent of a span for each attempt. The
/// ids of these spans follow from the run, the step, the action and the attempt: so an engine that takes a run over
/// adds to the same tree, and can tell of the attempts its predecessor took with it.
struct RunTrace: Sendable {
    /// Sent as `X-Correlation-Id`.
    let correlationID: String
    /// Of the span that started the run; nil when nobody traces it.
    let parent: TraceContext?
    /// What participants get when this engine does not trace: the trace goes on around it.
    private let passedOn: String?
    private let runID: RunID
    private let tracer: Tracer

    init(_ claimed: ClaimedRun, tracer: Tracer) {
        runID = claimed.lease.runID
        correlationID = claimed.correlationID ?? claimed.lease.runID.description
        self.tracer = tracer
        passedOn = tracer.isEnabled ? nil : claimed.traceparent
        parent = tracer.isEnabled ? claimed.traceparent.flatMap { TraceContext(traceparent: $0) } : nil
    }

    /// The trace's id in a log line.
    var traceID: String? {
        if let parent { return parent.traceID.description }
        return passedOn.flatMap { TraceContext(traceparent: $0) }?.traceID.description
    }

    /// The span of an attempt; nil when the run is not traced here.
    func attempt(step: Int, action: CallAction, attempt: Int) -> TraceContext? {
        guard let parent else { return nil }
        let number = UInt64(step) << 33 | (action == .execute ? 0 : 1) << 32 | UInt64(attempt)
        return TraceContext(
            traceID: parent.traceID, spanID: Self.mixed(runSpanID &+ number &* 0x9E37_79B9_7F4A_7C15),
            isSampled: parent.isSampled, isRandom: parent.isRandom)
    }

    /// The `traceparent` of a call.
    func header(of attempt: TraceContext?) -> String? { attempt?.traceparent ?? passedOn }

    /// The `traceparent` of what stands right below the run: its detached children and the calls after its end.
    var runHeader: String? {
        guard let parent else { return passedOn }
        return TraceContext(
            traceID: parent.traceID, spanID: runSpanID, isSampled: parent.isSampled, isRandom: parent.isRandom
        ).traceparent
    }

    /// Tells of an attempt that ended.
    func record(
        _ context: TraceContext?, action: CallAction, step: String, attempt: Int, participant: String?,
        from start: Instant, to end: Instant, _ report: CallReport, _ failure: Failure?
    ) {
        guard let context, context.isSampled else { return }
        var attributes: [(key: String, value: SpanRecord.AttributeValue)] = [
            ("runId", .string(runID.description)), ("stepId", .string(step)), ("attemptNo", .int(attempt)),
            ("saga.action", .string(action.rawValue)), ("saga.outcome", .string(report.outcome.rawValue)),
        ]
        if let participant { attributes.append(("peer.service", .string(participant))) }
        if let status = report.httpStatus {
            attributes.append(("http.status", .int(status)))
            attributes.append(("http.response.status_code", .int(status)))
        }
        tracer.record(
            SpanRecord(
                name: "\(action.rawValue) \(step)", kind: .client, context: context, parentSpanID: runSpanID,
                start: start, end: max(start, end), attributes: attributes,
                error: report.outcome == .succeeded ? nil : failure?.plainMessage ?? report.outcome.rawValue))
    }

    /// Spans of it are taken.
    var isRecorded: Bool { parent?.isSampled ?? false }

    /// What is waited for: a step without a call, which has the attempt 0, or an accepted attempt.
    struct Wait {
        let step: Int
        let action: CallAction
        let attempt: Int
    }

    /// Tells of a wait that is over. Its span's id follows from the same as that of an attempt, in a row of its own.
    func record(
        wait name: String, _ wait: Wait, _ stepID: String, from start: Instant, to end: Instant, _ error: String?
    ) {
        guard let parent, parent.isSampled else { return }
        let place = UInt64(wait.step) << 33 | (wait.action == .execute ? 0 : 1) << 32
        let number = place | 1 << 31 | UInt64(wait.attempt)
        let context = TraceContext(
            traceID: parent.traceID, spanID: Self.mixed(runSpanID &+ number &* 0x9E37_79B9_7F4A_7C15),
            isSampled: true, isRandom: parent.isRandom)
        var attributes: [(key: String, value: SpanRecord.AttributeValue)] = [
            ("runId", .string(runID.description)), ("stepId", .string(stepID)),
        ]
        if wait.attempt > 0 {
            attributes.append(("saga.action", .string(wait.action.rawValue)))
            attributes.append(("attemptNo", .int(wait.attempt)))
        }
        tracer.record(
            SpanRecord(
                name: name, kind: .internal, context: context, parentSpanID: runSpanID, start: min(start, end),
                end: end, attributes: attributes, error: error))
    }

    /// Tells of the run, when it is over.
    func record(_ run: Run, at now: Instant) {
        guard let parent, parent.isSampled else { return }
        let context = TraceContext(
            traceID: parent.traceID, spanID: runSpanID, isSampled: true, isRandom: parent.isRandom)
        tracer.record(
            SpanRecord(
                name: "run \(run.definition.name)", kind: .internal, context: context, parentSpanID: parent.spanID,
                start: run.createdAt, end: max(run.createdAt, now),
                attributes: [
                    ("runId", .string(run.id.description)), ("workflowName", .string(run.definition.name)),
                    ("workflowVersion", .string(run.definition.version.description)),
                    ("saga.status", .string(run.status.rawValue)),
                ],
                error: run.status == .failed ? run.error?.plainMessage ?? "FAILED" : nil))
    }

    /// The low half of a UUIDv7 is random but for its first two bits, which are never both zero.
    private var runSpanID: UInt64 { runID.low }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), so that neighbours look nothing alike; never zero, which
    /// is no span id.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return mixed == 0 ? 1 : mixed
    }
}
