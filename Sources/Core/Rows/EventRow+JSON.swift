// An event in `run_journal.events`: an object with the members that it has, in this order:
//
//   {"kind", "step", "stepId", "action", "attempt", "outcome", "httpStatus", "durationUs", "retryInUs", "error", "data",
//    "traceId"}
//
// `step` is the step's place in the definition. The output of a run is in its row and nowhere else.

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
        if let action { writer.member("action", action.rawValue) }
        if let attempt { writer.member("attempt", attempt) }
        if let outcome { writer.member("outcome", outcome.rawValue) }
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
        let kind = json["kind"]?.string.flatMap { RunEventKind(rawValue: $0) }
        self.init(
            kind: kind, stepIndex: json["step"]?.int, stepID: json["stepId"]?.string,
            action: json["action"]?.string.flatMap { CallAction(rawValue: $0) }, attempt: json["attempt"]?.int,
            outcome: json["outcome"]?.string.flatMap { Outcome(rawValue: $0) }, httpStatus: json["httpStatus"]?.int,
            duration: json["durationUs"]?.int.map { .microseconds($0) },
            retryIn: json["retryInUs"]?.int.map { .microseconds($0) }, error: json["error"],
            data: kind == .runCompleted ? ["output": output ?? .null] : json["data"])
    }
}
