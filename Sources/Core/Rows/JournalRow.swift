/// A row of `run_journal`: the events of one commit.
package struct JournalRow: Sendable {
    /// The number of its first event.
    package let sequence: Int
    /// When it was committed, by the database's clock.
    package let at: Instant
    package let epoch: Int64
    /// The engine that wrote it; nil for the API.
    package let engineID: EngineID?
    /// The events, oldest first.
    package let events: [JSON]

    package init(sequence: Int, at: Instant, epoch: Int64, engineID: EngineID?, events: [JSON]) {
        self.sequence = sequence
        self.at = at
        self.epoch = epoch
        self.engineID = engineID
        self.events = events
    }

    /// The number of its last event.
    package var lastSequence: Int { sequence + events.count - 1 }

    /// Its events one by one.
    ///
    /// - Parameter output: the run's, which the event of its completion does not hold.
    package func stored(output: JSON?) -> [StoredEvent] {
        events.enumerated().map { offset, event in
            let names = EventNames(event)
            return StoredEvent(
                sequence: sequence + offset, at: at, kind: names.kind, action: names.action, outcome: names.outcome,
                row: EventRow(event, names, output: output), engineID: engineID, epoch: epoch,
                traceID: event["traceId"]?.string)
        }
    }
}
