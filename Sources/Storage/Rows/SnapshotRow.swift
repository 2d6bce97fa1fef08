package import Core
import Postgres

/// Where the steps of a run stood when its row was written last.
package struct SnapshotRow: Sendable {
    /// `workflow_runs.snapshot`: nil for a run that is as its start left it.
    package let bytes: [UInt8]?
    /// The last event that it has seen.
    package let sequence: Int
    /// When it was written.
    package let at: Instant
    /// `workflow_runs.due`: what was to be begun when the run was given back last.
    package let due: [UInt8]?

    static let columns = "r.snapshot, r.snapshot_seq, r.snapshot_at, r.due"

    init(_ row: inout RowReader) throws(PostgresError) {
        bytes = try row.jsonOrNil()
        sequence = Int(try row.int32())
        at = try row.instant()
        due = try row.jsonOrNil()
    }

    /// The steps, as they are stored; nil for a run that is as its start left it.
    package func steps() throws(UnreadableRun) -> [SnapshotStep]? { try parts()?.steps }

    /// The steps, as they are stored, and what else there is to be known; nil for a run that is as its start left it.
    package func parts() throws(UnreadableRun) -> (steps: [SnapshotStep], marks: RunMarks)? {
        guard let bytes else { return nil }
        let (elements, marks) = Snapshot.parts(try parsed(bytes), at: at)
        var steps: [SnapshotStep] = []
        for element in elements {
            guard let step = SnapshotStep(element, at: at) else {
                throw UnreadableRun("its step \(steps.count) is not what sagaflow wrote")
            }
            steps.append(step)
        }
        return (steps, marks)
    }

    /// Puts the steps of a run where the snapshot says.
    ///
    /// - Parameter output: finds an output that the snapshot refers to, by the number of its event.
    package func restore(
        _ run: inout Run, output: (Int) throws(UnreadableRun) -> JSON?
    ) throws(UnreadableRun) {
        guard let (steps, marks) = try parts() else { return try start(&run) }
        if !marks.isEmpty { try restore(marks, &run, output) }
        guard steps.count == run.steps.count else {
            throw UnreadableRun("it has \(steps.count) steps, its definition and its lists \(run.steps.count)")
        }
        for (index, stored) in steps.enumerated() {
            var referred: JSON?
            if let sequence = stored.outputSequence {
                referred = try output(sequence)
                if referred == nil {
                    throw UnreadableRun("the output of its step \(stored.stepID), in event \(sequence), is missing")
                }
            }
            guard let step = stored.step(output: referred) else {
                throw UnreadableRun(
                    "what its step \(index) is, \(stored.status) and \(stored.compensationStatus), is not known",
                    mayBeNewer: true)
            }
            run.steps[index] = step
        }
        for list in run.lists where run.steps[list.step].status == .succeeded { run.gatherOutputs(of: list.step) }
        (run.lastSequence, run.storedSequence) = (sequence, sequence)
    }

    private func restore(
        _ marks: RunMarks, _ run: inout Run, _ output: (Int) throws(UnreadableRun) -> JSON?
    ) throws(UnreadableRun) {
        var marks = marks
        for (index, list) in marks.lists.enumerated() {
            guard run.definition.steps.indices.contains(list.step), list.first == run.steps.count else {
                throw UnreadableRun("its list \(index) is not what sagaflow wrote")
            }
            run.steps.append(list.count)
            guard list.items.isNull else { continue }
            guard let items = try output(list.sequence) else {
                throw UnreadableRun("the list in event \(list.sequence) is missing")
            }
            marks.lists[index] = list.with(items)
        }
        run.marks = marks
    }

    /// A run that is as its start left it: nothing has happened but that some steps are due.
    private func start(_ run: inout Run) throws(UnreadableRun) {
        var steps: [Int] = []
        if let due {
            for event in try parsed(due).array ?? [] {
                guard let step = event["step"]?.int, run.steps.indices.contains(step) else {
                    throw UnreadableRun("what it begins with is not what sagaflow wrote")
                }
                steps.append(step)
            }
        }
        run.evolve(.runStarted(due: steps), at: run.createdAt)
        run.storedSequence = run.lastSequence
    }
}

/// Reads json that we wrote ourselves.
func parsed(_ bytes: [UInt8]) throws(UnreadableRun) -> JSON {
    do { return try JSON(parsing: bytes, limits: .stored) } catch {
        throw UnreadableRun("a json column holds what sagaflow did not write: \(error.message) (byte \(error.offset))")
    }
}

extension Run {
    /// Applies the events of one row of the journal that the run's snapshot has not seen.
    mutating func apply(_ events: JSON, at: Instant) throws(UnreadableRun) {
        for json in events.array ?? [] {
            guard let event = EventRow(json, output: nil).event(of: numbering) else {
                let kind = json["kind"]?.string ?? "?"
                throw UnreadableRun(
                    "its event \(lastSequence + 1), \(kind), can't be read",
                    mayBeNewer: RunEventKind(rawValue: kind) == nil)
            }
            follow(event, at: at)
        }
    }

    /// Applies an event that the run's snapshot has not seen. That it was set aside stands in its row, whatever the snapshot has
    /// seen.
    mutating func follow(_ event: RunEvent, at: Instant) {
        if case .runQuarantined = event { lastSequence += 1 } else { evolve(event, at: at) }
    }
}
