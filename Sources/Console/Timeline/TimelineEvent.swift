package import Core

/// What a timeline reads of an event of a run's history.
package struct TimelineEvent: Sendable {
    package let at: Instant
    /// Nil for one that only a newer version knows: it is a time, and nothing else.
    package let kind: RunEventKind?
    package let stepID: String?
    package let action: CallAction?
    package let attempt: Int?
    package let outcome: Outcome?
    package let httpStatus: Int?
    /// Of what went wrong, the word; nil where that is not shown.
    package let errorKind: String?
    /// It is tried again after so long.
    package let retryIn: Duration?
    package let engine: String?

    package init(
        at: Instant, kind: RunEventKind?, stepID: String? = nil, action: CallAction? = nil, attempt: Int? = nil,
        outcome: Outcome? = nil, httpStatus: Int? = nil, errorKind: String? = nil, retryIn: Duration? = nil,
        engine: String? = nil
    ) {
        self.at = at
        self.kind = kind
        self.stepID = stepID
        self.action = action
        self.attempt = attempt
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.errorKind = errorKind
        self.retryIn = retryIn
        self.engine = engine
    }

    package init(_ event: StoredEvent) {
        self.init(
            at: event.at, kind: event.row.kind, stepID: event.row.stepID, action: event.row.action,
            attempt: event.row.attempt, outcome: event.row.outcome, httpStatus: event.row.httpStatus,
            errorKind: event.row.error?["kind"]?.string, retryIn: event.row.retryIn,
            engine: event.engineID?.description)
    }
}
