internal import Core

/// What participants accept, and how its end is told.
extension HistoryAudit {
    mutating func accept(
        _ step: Int, _ action: CallAction, _ attempt: Int, until: Instant, _ poll: PollStart?, _ at: Instant
    ) {
        let id = id(step)
        let call = inFlight[step]
        let (isOpen, isNew) = (call?.action == action && call?.attempt == attempt, accepted[step] == nil)
        require(isOpen && isNew, 21, "\(id) was accepted though no call of it was in flight")
        let completion = run.stepDefinition(step).call(of: action)?.completion
        require(completion != nil, 21, "\(id) was accepted, but its answer is its end")
        require((completion?.poll != nil) == (poll != nil), 21, "\(id) was accepted, and nobody knows how it ends")
        looks[step] = poll.map { at + $0.firstLook }
        let early = callbacks[step]
        require(early == nil, 21, "\(id) waits for a callback that has come")
        accepted[step] = until
    }

    mutating func callBack(_ step: Int, _ action: CallAction, _ callback: Callback, _ at: Instant) {
        let (id, isFirst) = (id(step), callbacks[step] == nil)
        let isOpen = inFlight[step].map { $0.action == action } ?? false
        let isWaiting = inFlight[step] == nil && waiting[step] != nil && attempts[step]?[action] ?? 0 > 0
        require(isOpen || isWaiting, 21, "\(id) was called back though nothing was to be told")
        require(isFirst, 21, "\(id) was called back twice")
        callbacks[step] = callback
        // It may begin again, and has its answer.
        if isWaiting { waiting[step] = at }
        if action == .execute, callback.outcome != .rejected, !(isOpen && accepted[step] != nil) {
            mayHaveEffect.insert(step)
        }
    }

    /// A look did not find the end: only what is accepted is looked at, and not before its time.
    mutating func look(
        _ step: Int, _ action: CallAction, _ failure: Failure?, _ lookIn: Duration?, _ at: Instant
    ) {
        let (id, isOpen) = (id(step), accepted[step] != nil && inFlight[step]?.action == action)
        guard isOpen, let due = looks[step], let poll = run.stepDefinition(step).call(of: action)?.completion?.poll
        else { return require(false, 21, "\(id) was looked at though it was not accepted to be") }
        require(due <= at, 21, "\(id) was looked at before its time")
        let isLogged = (failure == nil) || lookIn != nil
        require(isLogged, 21, "a look at \(id) failed, and nobody said when the next follows")
        looks[step] = at + (lookIn ?? poll.every)
    }

    /// An attempt succeeded.
    mutating func judgeEnd(_ step: Int, _ report: CallReport) {
        let (id, told, isPolled) = (
            id(step), callbacks.removeValue(forKey: step), looks.removeValue(forKey: step) != nil
        )
        guard accepted.removeValue(forKey: step) != nil else { return }
        let isTold = told?.outcome == .succeeded || (isPolled && report.httpStatus != nil)
        require(isTold, 21, "\(id) was accepted and ended, and nobody told how")
    }

    /// An attempt failed.
    mutating func endAccepted(_ step: Int, _ failure: Failure, _ report: CallReport, _ at: Instant) {
        let (id, told, due) = (id(step), callbacks.removeValue(forKey: step), accepted.removeValue(forKey: step))
        let look = looks.removeValue(forKey: step)
        if let told {
            require(
                told.outcome != .succeeded || report.outcome == .rejected, 21,
                "\(id) failed though its participant said that it succeeded")
        } else if let due {
            switch failure.kind {
            case Failure.timeoutKind:
                require(due <= at, 21, "\(id) was given up before its time")
                require(look.map { due < $0 } ?? true, 21, "\(id) was given up, and the last look at it was not made")
            case Failure.abandonedKind: require(hasLeftForward, 21, "\(id) was abandoned while the run went on")
            default:
                let isFound = look != nil && report.httpStatus != nil
                require(isFound, 21, "\(id) was accepted and failed, and nobody told why")
                if report.outcome == .rejected { return }
            }
            require(report.outcome == .unknown, 5, "\(id) was accepted, and may have had its effect")
        }
    }

    /// No accepted attempt is left over long after its time.
    func requireNoneOverdue() {
        if run.status.isTerminal { return }
        for step in callbacks.keys.sorted() where accepted[step] != nil {
            let id = id(step)
            require(false, 21, "\(id) waits for a callback that has come")
        }
    }
}
