internal import Core

/// Runs that do another one anew, and take over what it did.
extension HistoryAudit {
    mutating func beginAnew(_ other: RunID, at number: Int) {
        require(number == 2, 23, "it does another run anew when it has begun")
        restartedFrom = other
    }

    mutating func keep(_ kept: KeptStep, _ at: Instant) {
        let (id, isReady, isNew) = (id(kept.step), isReady(kept.step), !isDone(kept.step))
        let isFirst = restartedFrom != nil && attempts.isEmpty && awaiting.isEmpty
        require(isFirst, 23, "\(id) is taken over by a run that has begun, or from none")
        require(isReady && isNew, 10, "\(id) is taken over before what it depends on")
        succeeded.insert(kept.step)
        doneAt[kept.step] = at
        inherited[kept.step] = .some(kept.effectOf)
        if kept.effectOf != nil { mayHaveEffect.insert(kept.step) }
    }

    mutating func handOver(_ steps: [Int], to other: RunID) {
        let (isFirst, names) = (restartedAs == nil, steps.map(id).joined(separator: ", "))
        let isDone = steps.allSatisfy { succeeded.contains($0) && !undone.contains($0) }
        require(isFirst, 23, "it is done anew twice")
        require(isDone, 23, "of \(names) something was handed over that is not there")
        restartedAs = (other, Set(steps))
    }
}
