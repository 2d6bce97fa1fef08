// An event in `run_journal.events`: an object with the members that it has, in this order:
//
//   {"kind", "step", "stepId", "action", "attempt", "outcome", "httpStatus", "durationUs", "retryInUs", "error", "data",
//    "traceId"}
//
// `step` is the step's place in the definition. The output of a run is in its row and nowhere else. What nearly every attempt
// says is not written: the action `execute`, the attempt 1, the outcome `succeeded` of `attempt_succeeded`. `EventNames` and the
// view `run_events` give it back.

/// What an event in the journal names, with what is not written filled in; names are as they are stored, those of a later version
/// included.
package struct EventNames: Sendable {
    package let kind: String
    package let action: String?
    package let attempt: Int?
    package let outcome: String?

    package init(_ json: JSON) {
        kind = json["kind"]?.string ?? ""
        let known = RunEventKind(rawValue: kind)
        let isAttempt = known?.isAttempt ?? false
        action = json["action"]?.string ?? (isAttempt ? CallAction.execute.rawValue : nil)
        attempt = json["attempt"]?.int ?? (isAttempt ? 1 : nil)
        outcome = json["outcome"]?.string ?? (known == .attemptSucceeded ? Outcome.succeeded.rawValue : nil)
    }
}

extension RunEventKind {
    fileprivate var isAttempt: Bool {
        switch self {
        case .attemptStarted, .attemptSucceeded, .attemptFailed, .attemptAccepted: true
        default: false
        }
    }
}

extension EventRow {
    /// Writes the events of one commit as the array that `run_journal` keeps.
    ///
    /// - Parameter traceID: of the client's request; it goes with the first.
    package static func encode(_ rows: some Sequence<EventRow>, traceID: String? = nil) -> [UInt8] {
        var writer = JSONMemberWriter()
        var traceID = traceID
        writer.begin("[")
        for row in rows {
            row.write(to: &writer, traceID: traceID)
            traceID = nil
        }
        writer.end("]")
        return writer.bytes
    }

    private func write(to writer: inout JSONMemberWriter, traceID: String?) {
        writer.begin("{")
        if let kind { writer.member("kind", kind.rawValue) }
        if let stepIndex { writer.member("step", stepIndex) }
        if let stepID { writer.member("stepId", stepID) }
        let isAttempt = kind?.isAttempt ?? false
        if let action, !isAttempt || action != .execute { writer.member("action", action.rawValue) }
        if let attempt, !isAttempt || attempt != 1 { writer.member("attempt", attempt) }
        if let outcome, kind != .attemptSucceeded || outcome != .succeeded {
            writer.member("outcome", outcome.rawValue)
        }
        if let httpStatus { writer.member("httpStatus", httpStatus) }
        if let duration { writer.member("durationUs", Int(duration.microseconds)) }
        if let retryIn { writer.member("retryInUs", Int(retryIn.microseconds)) }
        if let error { writer.member("error", error) }
        if let data, kind != .runCompleted { writer.member("data", data) }
        if let traceID { writer.member("traceId", traceID) }
        writer.end("}")
    }

    /// Reads what `encode` wrote of one event; what is not understood is nil.
    ///
    /// - Parameter output: the run's.
    package init(_ json: JSON, output: JSON?) {
        self.init(json, EventNames(json), output: output)
    }

    init(_ json: JSON, _ names: EventNames, output: JSON?) {
        let kind = RunEventKind(rawValue: names.kind)
        self.init(
            kind: kind, stepIndex: json["step"]?.int, stepID: json["stepId"]?.string,
            action: names.action.flatMap { CallAction(rawValue: $0) }, attempt: names.attempt,
            outcome: names.outcome.flatMap { Outcome(rawValue: $0) }, httpStatus: json["httpStatus"]?.int,
            duration: json["durationUs"]?.int.map { .microseconds($0) },
            retryIn: json["retryInUs"]?.int.map { .microseconds($0) }, error: json["error"],
            data: kind == .runCompleted ? ["output": output ?? .null] : json["data"])
    }
}
