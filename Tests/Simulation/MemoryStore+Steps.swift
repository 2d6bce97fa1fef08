package import Core

extension MemoryStore.Row {
    /// The steps as the snapshot tells them; nil while the run is as its start left it.
    package var storedSteps: [StepRow]? {
        guard let snapshot, let json = try? JSON(parsing: snapshot.bytes, limits: JSON.Limits(depth: 80))
        else { return nil }
        let elements = Snapshot.parts(json, at: snapshot.at).steps
        return elements.enumerated().compactMap { index, element in
            guard let stored = SnapshotStep(element, at: snapshot.at) else { return nil }
            var output: JSON?
            if let sequence = stored.outputSequence,
                let event = events.first(where: { $0.sequence == sequence })?.event
            {
                switch event {
                case .attemptSucceeded(_, _, _, _, let found), .stepSucceeded(_, let found): output = found
                case .stepSettled(_, _, let found, _, _): output = found
                case .signalReceived(let signal): output = signal.payload
                case .stepKept(let kept): output = kept.output
                case .childEnded(_, let end): output = end.output
                default: break
                }
            }
            return stored.step(output: output).map { StepRow(index: index, stepID: stored.stepID, step: $0) }
        }
    }
}

extension Run {
    /// The same but for times, which are the database's in one and the holder's in the other.
    func isSame(as other: Run) -> Bool {
        status == other.status && cause == other.cause && output == other.output && error == other.error
            && lastSequence == other.lastSequence && hasMarks == other.hasMarks && isPaused == other.isPaused
            && marks.signals == other.marks.signals && marks.signalKeys == other.marks.signalKeys
            && marks.accepted.map(\.step) == other.marks.accepted.map(\.step)
            && marks.accepted.map(\.poll?.path) == other.marks.accepted.map(\.poll?.path)
            && marks.accepted.map(\.poll?.failures) == other.marks.accepted.map(\.poll?.failures)
            && marks.callbacks == other.marks.callbacks
            && marks.kept == other.marks.kept && marks.restartedFrom == other.marks.restartedFrom
            && marks.parent == other.marks.parent && marks.startAt == other.marks.startAt
            && marks.deadlineHeld == other.marks.deadlineHeld
            && zip(steps, other.steps).allSatisfy { one, other in
                one.status == other.status && one.attempts == other.attempts && one.isAmbiguous == other.isAmbiguous
                    && one.compensationStatus == other.compensationStatus
                    && one.compensationAttempts == other.compensationAttempts
                    && one.isCompensationAmbiguous == other.isCompensationAmbiguous && one.output == other.output
                    && one.awaitsPerson == other.awaitsPerson && one.error == other.error && one.child == other.child
                    && (one.nextAttemptAt == nil) == (other.nextAttemptAt == nil)
            }
    }
}
