/// What is asked of the run, and in which order things are decided that came together.
extension RunSession {
    /// What the rows of the inbox ask for.
    func happenings(_ rows: [InboxRow], _ notes: inout [SessionNote]) -> [Happening] {
        var happenings: [Happening] = []
        for row in rows {
            guard let request = row.request else { continue }
            if let asked = retriesOfElements(request) {
                happenings += asked
            } else if let happening = happening(request) {
                happenings.append(happening)
            } else {
                // Whoever asked knew the definition, which never changes.
                notes.append(.broken("the request \(row.inboxID) names a step that the run does not have"))
            }
        }
        return happenings
    }

    /// A step with a list stands for those of its elements that gave up; nil for any other request.
    private func retriesOfElements(_ request: InboxRequest) -> [Happening]? {
        guard case .retry(let stepID?, let reason) = request.kind, let step = run.number(of: stepID),
            let list = run.list(of: step)
        else { return nil }
        let failed = list.numbers.filter { run.steps[$0].compensationStatus == .failed }
        return failed.isEmpty ? nil : failed.map { .retry(step: $0, by: request.sentBy, reason: reason) }
    }

    private func happening(_ request: InboxRequest) -> Happening? {
        switch request.kind {
        case .cancel(let reason): return .cancel(by: request.sentBy, reason: reason)
        case .retry(nil, let reason): return .retry(step: nil, by: request.sentBy, reason: reason)
        case .retry(let stepID?, let reason):
            guard let step = run.number(of: stepID) else { return nil }
            return .retry(step: step, by: request.sentBy, reason: reason)
        case .resolve(let stepIDs, let reason):
            let steps = stepIDs.compactMap { run.number(of: $0) }
            guard steps.count == stepIDs.count else { return nil }
            return .resolve(steps: steps, by: request.sentBy, reason: reason)
        case .settle(let stepID, let settlement, let output, let reason):
            guard let step = run.number(of: stepID) else { return nil }
            return .settle(step: step, settlement, output: output, by: request.sentBy, reason: reason)
        case .pause(let reason, let holdsDeadline):
            return .pause(by: request.sentBy, reason: reason, holdsDeadline: holdsDeadline)
        case .resume(let reason): return .resume(by: request.sentBy, reason: reason)
        case .callback(let stepID, let action, let callback):
            guard let step = run.number(of: stepID) else { return nil }
            return .calledBack(step: step, action, callback)
        case .heartbeat(let stepID, let action):
            guard let step = run.number(of: stepID) else { return nil }
            return .beat(step: step, action)
        case .signal(let name, let payload, let key):
            return .signal(ReceivedSignal(name: name, payload: payload, by: request.sentBy, key: key))
        case .childEnded(let stepID, let end):
            guard let step = run.number(of: stepID) else { return nil }
            return .childEnded(step: step, end)
        case .undo(let reason): return .undo(by: request.sentBy, reason: reason)
        }
    }

    /// In which order things are decided that came together.
    ///
    /// A cancel accepted before a result must not be overtaken by it, so requests come before answers. What a former
    /// holder left in flight is lost before anything new begins, or attempts begun by a request would count as lost,
    /// too; but a run cancelled on its way forward need not repeat lost calls first. A FAILED run has to be taken up
    /// again before it can be cancelled; and before it is retried, for what was undone by hand must not be done again.
    ///
    /// - Parameters:
    ///   - asked: what the inbox asks for, oldest first.
    ///   - happened: answers and wake-ups, in the order they came.
    func inOrder(_ asked: [Happening], _ happened: [Happening]) -> [Happening] {
        if asked.isEmpty { return takesOver ? [.tookOver] : happened }
        let outside = asked.filter(\.comesFromOutside)
        let requests = asked.filter { !$0.comesFromOutside }
        let cancels = requests.filter { if case .cancel = $0 { true } else { false } }
        let others = requests.filter { if case .cancel = $0 { false } else { true } }
        if run.status == .failed {
            let resolves = others.filter { if case .resolve = $0 { true } else { false } }
            let rest = others.filter { if case .resolve = $0 { false } else { true } }
            // What was told before it FAILED is for the run that is taken up.
            return resolves + rest + outside + cancels
        }
        let rest: [Happening]
        if takesOver {
            rest = cancels + [.tookOver] + others
        } else {
            rest = isPlanted(.cancelOvertaken) ? happened + cancels + others : cancels + others + happened
        }
        return outside + rest
    }

    /// A request may come too late, and a wake-up when the run has just ended. That an answer fits no call is a fault of
    /// ours.
    static func note(_ error: IllegalHappening, of happening: Happening) -> SessionNote? {
        switch happening {
        case .cancel, .retry, .resolve, .settle, .pause, .resume, .undo, .signal, .calledBack, .beat, .childEnded:
            .tooLate(error.description)
        // The attempt that was looked at may have ended meanwhile.
        case .woke, .looked: nil
        case .finished, .tookOver, .poison:
            .broken("something happened that can't have; nothing is changed by it: \(error)")
        }
    }
}

extension RunSession {
    /// What came from outside is noted first, and nothing follows from it by itself: neither does the time of what it ends run
    /// out before it is read, nor does anything begin that a takeover would lose. Nor does it from a cancel that a takeover
    /// follows: what the run ends with is that it was cancelled.
    func isNotedOnly(_ happening: Happening) -> Bool {
        if case .cancel = happening { return takesOver }
        return happening.comesFromOutside
    }

    /// An element's answer, and behind it another's: what follows from both is decided once, for a list of a thousand may have a
    /// hundred of them at a time.
    func isOneOfMany(_ place: Int, in happenings: [Happening]) -> Bool {
        guard run.hasMarks, place + 1 < happenings.count, case .finished(let step, _, _, _) = happenings[place],
            case .finished(let next, _, _, _) = happenings[place + 1]
        else { return false }
        return run.isElement(step) && run.isElement(next)
    }
}

extension Happening {
    /// A participant or somebody else tells the run something; it asks for nothing.
    var comesFromOutside: Bool {
        switch self {
        case .signal, .calledBack, .beat, .childEnded: true
        default: false
        }
    }
}
