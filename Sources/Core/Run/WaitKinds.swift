/// What a run that nobody holds waits for: one kind, or several where it has branches.
package struct WaitKinds: OptionSet, Sendable, Hashable {
    package let rawValue: Int16

    package init(rawValue: Int16) { self.rawValue = rawValue }

    /// A step waits for its next attempt.
    package static let retry = WaitKinds(rawValue: 1)
    /// For a time to come: a `wait`, or its beginning.
    package static let timer = WaitKinds(rawValue: 2)
    /// For a signal.
    package static let signal = WaitKinds(rawValue: 4)
    /// For the end of what a participant has accepted.
    package static let callback = WaitKinds(rawValue: 8)
    /// For a person, to say what becomes of a step.
    package static let person = WaitKinds(rawValue: 16)
    /// For a participant that is paused, or that its engines may not call.
    package static let participant = WaitKinds(rawValue: 32)
    /// For its resume.
    package static let paused = WaitKinds(rawValue: 64)
    /// For the next look at what a participant has accepted.
    package static let poll = WaitKinds(rawValue: 128)

    /// For the end of a run that a step has started.
    package static let child = WaitKinds(rawValue: 256)

    /// Their names, which are public, in the order of their bits.
    package static let names: [(name: String, kind: WaitKinds)] = [
        ("retry", .retry), ("timer", .timer), ("signal", .signal), ("callback", .callback), ("operator", .person),
        ("participant", .participant), ("paused", .paused), ("poll", .poll), ("child", .child),
    ]

    /// The kind of that name; nil when there is none.
    package init?(name: String) {
        guard let known = Self.names.first(where: { $0.name == name }) else { return nil }
        self = known.kind
    }

    /// All sets of kinds that have this one among them.
    package var supersets: [WaitKinds] {
        let bits = Self.names.reduce(into: WaitKinds()) { $0.formUnion($1.kind) }
        return (1...bits.rawValue).map { WaitKinds(rawValue: $0) }.filter { $0.isSuperset(of: self) }
    }
}

extension Run {
    /// What it waits for, when nobody holds it. Where it is paused that is all it waits for.
    package var waits: WaitKinds {
        if status.isTerminal { return [] }
        if isPaused { return .paused }
        var waits: WaitKinds = []
        if hasMarks, status == .pending, marks.startAt != nil { waits.insert(.timer) }
        for index in steps.indices where steps[index].mayWait {
            let step = steps[index]
            if step.awaitsPerson || (cause == nil && step.compensationStatus == .failed) { waits.insert(.person) }
            if step.isAccepted {
                waits.insert(marks.accepted.first { $0.step == index }?.poll == nil ? .callback : .poll)
            }
            if step.awaitsChild {
                waits.insert(.child)
            } else if step.status == .waiting {
                if case .signal = stepDefinition(index).action { waits.insert(.signal) } else { waits.insert(.timer) }
            } else if step.nextAttemptAt != nil, step.attempts > 0 || step.compensationAttempts > 0 {
                waits.insert(step.error?.kind == Failure.notAllowedKind ? .participant : .retry)
            }
        }
        return waits
    }
}

extension Step {
    /// It may be one of those that something is waited for.
    fileprivate var mayWait: Bool {
        awaitsPerson || isAccepted || status == .waiting || nextAttemptAt != nil || compensationStatus == .failed
            || child != nil
    }
}
