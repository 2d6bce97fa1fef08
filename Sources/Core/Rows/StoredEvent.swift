/// An event of `run_journal` with its number, as the view `run_events` shows it.
package struct StoredEvent: Sendable {
    package let sequence: Int
    package let at: Instant
    /// As they were written: a newer version may know more kinds, actions and outcomes than `row`.
    package let kind: String
    package let action: String?
    package let outcome: String?
    package let row: EventRow
    /// The engine that wrote it; nil for the API.
    package let engineID: EngineID?
    package let epoch: Int64
    package let traceID: String?

    /// This version knows what happened.
    package var isKnown: Bool {
        row.kind != nil && (action == nil) == (row.action == nil) && (outcome == nil) == (row.outcome == nil)
    }
    package init(
        sequence: Int, at: Instant, kind: String, action: String?, outcome: String?, row: EventRow, engineID: EngineID?,
        epoch: Int64, traceID: String?
    ) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.action = action
        self.outcome = outcome
        self.row = row
        self.engineID = engineID
        self.epoch = epoch
        self.traceID = traceID
    }

    /// The row that an event of a run with these steps is stored as.
    package init(
        _ event: RunEvent, of numbering: StepNumbering, sequence: Int, at: Instant, engineID: EngineID?,
        epoch: Int64
    ) {
        let row = EventRow(event, of: numbering)
        self.init(
            sequence: sequence, at: at, kind: event.kind.rawValue, action: row.action?.rawValue,
            outcome: row.outcome?.rawValue, row: row, engineID: engineID, epoch: epoch, traceID: nil)
    }
}
