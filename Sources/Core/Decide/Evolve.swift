extension Run {
    /// Applies one event.
    ///
    /// Total: any event applies to any run, because what is stored has happened. Whether it may happen is `decide`'s
    /// business; the property tests hold the two together.
    /// - Parameter at: the event's time by the database's clock.
    package mutating func evolve(_ event: RunEvent, at: Instant) {
        lastSequence += 1
        switch event {
        case .runStarted(let due):
            for index in due { steps[index].nextAttemptAt = at }
        case .attemptStarted(let index, let action, let attempt):
            beginAttempt(index, action, attempt, at)
        case .attemptSucceeded(let index, let action, _, let report, let output):
            succeed(index, action, report, output, at)
        case .attemptFailed(let index, let action, let attempt, let report, let failure, let retryIn):
            fail(index, action, attempt, report, failure, retryIn, at)
        case .attemptAccepted(let index, _, _, _, let timeout, let heartbeat, let poll):
            steps[index].isAccepted = true
            marks.accepted.append(
                AcceptedAttempt(
                    step: index, until: at + timeout, heartbeat: heartbeat, beatBy: heartbeat.map { at + $0 },
                    poll: isPlanted(.pollForgotten)
                        ? nil : poll.map { AcceptedPoll(path: $0.path, lookAt: at + $0.firstLook) }))
        case .attemptLooked(let index, let action, let failure, let lookIn):
            look(index, action, hasFailed: failure != nil, lookIn, at)
        case .callbackReceived(let index, let action, let callback): receive(callback, index, action, at)
        case .attemptHeartbeat(let index, _):
            guard let place = marks.accepted.firstIndex(where: { $0.step == index }) else { break }
            marks.accepted[place].beatBy = marks.accepted[place].heartbeat.map { at + $0 }
        case .stepSkipped(let index):
            steps[index].status = .skipped
            steps[index].nextAttemptAt = nil
            steps[index].completedAt = at
        case .waitStarted(let index, let until):
            begin(index, at)
            steps[index].status = .waiting
            steps[index].nextAttemptAt = until
        case .awaitStarted(let index, let until):
            begin(index, at)
            steps[index].status = .waiting
            steps[index].nextAttemptAt = until
        case .signalReceived(let signal):
            marks.keep(signal, sequence: lastSequence, isWanted: cause == nil)
        case .signalTaken(let index, let signal): take(signal, index, at)
        case .elementsStarted(let index, let count, let items): beginElements(of: index, count, items, at)
        case .elementsEnded(let index): endElements(of: index, at)
        case .parentLinked(let parent): marks.parent = parent
        case .childStarted(let index, let child, let until):
            begin(index, at)
            start(child, index, until: until, at)
        case .childCancelRequested(let index, let failure): cancelChild(index, failure)
        case .childEnded(let index, let end):
            if endChild(index, end, at), let failure = end.error { giveUp(index, failure, at) }
        case .childUndoRequested(let index): undoChild(index)
        case .childUndoFailed(let index, let failure):
            failToUndoChild(index, failure)
            // The run was going on: with an effect that stands it does so no more.
            if status != .compensating, !isPastPivot {
                leaveForwardPath(.stepFailed, failure.of(step: stepID(index)), at)
            }
        case .endCallsStarted(let run): marks.endCalls.append(run)
        case .stepSucceeded(let index, let output):
            begin(index, at)
            steps[index].status = .succeeded
            steps[index].output = output
            steps[index].outputSequence = lastSequence
            steps[index].nextAttemptAt = nil
            steps[index].completedAt = at
        case .stepFailed(let index, let failure):
            begin(index, at)
            steps[index].error = failure
            steps[index].nextAttemptAt = nil
            giveUp(index, failure, at)
        case .stepUndoing(let index):
            steps[index].compensationStatus = .pending
            steps[index].isUndoneAtOnce = true
        case .stepAbandoned(let index):
            abandon(index, at)
        case .cancelRequested(_, let reason):
            leaveForwardPath(
                .cancelRequested, Failure(kind: "cancelled", message: reason ?? "Cancelled on request."), at)
        case .cancelRefused: break
        case .deadlineExceeded:
            leaveForwardPath(
                .deadlineExceeded, Failure(kind: "deadline", message: "The run's deadline passed."), at)
        case .runCompensating(let indices, _):
            for index in steps.indices {
                steps[index].isUndoneAtOnce = false
                steps[index].awaitsPerson = false
            }
            for index in indices { steps[index].compensationStatus = .pending }
            set(.compensating, at)
        case .runCompleted(let output, let failure):
            self.output = output
            error = failure
            finish(.completed, at)
        case .runCompensated: finish(.compensated, at)
        case .runCancelled: finish(.cancelled, at)
        case .runFailed(let failure): fail(failure, at)
        case .retryRequested(let index, _, _): retry(index, at)
        case .stepResolved(let index, _, _): resolve(index, at)
        case .stepSettled(let index, let settlement, let output, _, let reason):
            settle(index, settlement, output, reason, at)
        case .runDelayed(let until): marks.startAt = until
        case .runPaused(let by, let reason, let holdsDeadline):
            marks.pause = .init(since: at, by: by, reason: reason, holdsDeadline: holdsDeadline)
        case .runResumed(_, _, let held):
            marks.pause = nil
            marks.deadlineHeld += held
        case .undoRequested(_, let reason):
            completedAt = nil
            cause = .undoRequested
            error = Failure(kind: "undone", message: reason)
            set(.running, at)
        case .deadlineMissed: marks.hasMissedDeadline = true
        case .runQuarantined(let failure):
            cause = cause ?? .quarantined
            fail(failure, at)
        case .restartedFrom(let run, let step, _, _): marks.restartedFrom = RestartLink(run: run, fromStep: step)
        case .stepKept(let kept): keep(kept, at)
        case .restartedAs(let run, let steps, _, _):
            marks.restartedAs = RestartLink(run: run, steps: steps)
            marks.pause = nil
        }
    }

    /// What waits for its next attempt is tried now, and has its answer already; what is in flight ends before.
    private mutating func receive(_ callback: Callback, _ index: Int, _ action: CallAction, _ at: Instant) {
        let waits = steps[index].nextAttemptAt != nil
        if waits { steps[index].nextAttemptAt = at }
        if steps[index].isAccepted || (waits && !isPaused) { return }
        marks.callbacks.append(KeptCallback(step: index, action: action, callback: callback))
        if action == .execute, callback.outcome != .rejected { steps[index].isAmbiguous = true }
    }

    /// The next look follows after so long.
    private mutating func look(
        _ index: Int, _ action: CallAction, hasFailed: Bool, _ lookIn: Duration?, _ at: Instant
    ) {
        guard let place = marks.accepted.firstIndex(where: { $0.step == index }) else { return }
        let every = stepDefinition(index).call(of: action)?.completion?.poll?.every
        marks.accepted[place].look(hasFailed: hasFailed, at + (lookIn ?? every ?? PollDefinition.longestBackoff))
    }

    /// What there was to be known of an attempt that has ended.
    private mutating func close(_ index: Int) {
        guard hasMarks else { return }
        steps[index].isAccepted = false
        marks.accepted.removeAll { $0.step == index }
        marks.callbacks.removeAll { $0.step == index }
    }

    /// What came with the signal is the step's output.
    private mutating func take(_ signal: Int, _ index: Int, _ at: Instant) {
        let taken = marks.signals.first { $0.sequence == signal }
        if !isPlanted(.signalTakenTwice) { marks.signals.removeAll { $0.sequence == signal } }
        steps[index].status = .succeeded
        steps[index].output = taken?.payload ?? .null
        steps[index].outputSequence = signal
        steps[index].nextAttemptAt = nil
        steps[index].completedAt = at
    }

    /// It counts as done here.
    private mutating func keep(_ kept: KeptStep, _ at: Instant) {
        steps[kept.step].status = .succeeded
        steps[kept.step].output = kept.output
        steps[kept.step].outputSequence = lastSequence
        steps[kept.step].answer = kept.answer
        steps[kept.step].nextAttemptAt = nil
        steps[kept.step].completedAt = at
        guard let run = kept.effectOf else { return }
        steps[kept.step].isKept = true
        marks.kept.append(KeptEffect(step: kept.step, run: run))
    }

    /// A person's word takes the place of an answer.
    private mutating func settle(
        _ index: Int, _ settlement: Settlement, _ output: JSON?, _ reason: String, _ at: Instant
    ) {
        begin(index, at)
        // What was accepted may have had its effect.
        if steps[index].isAccepted { steps[index].isAmbiguous = true }
        close(index)
        steps[index].nextAttemptAt = nil
        steps[index].awaitsPerson = false
        steps[index].completedAt = at
        switch settlement {
        case .complete:
            steps[index].status = .succeeded
            if isPlanted(.completedByHandStays) { (steps[index].attempts, steps[index].isAmbiguous) = (0, false) }
            steps[index].output = output ?? .null
            steps[index].outputSequence = lastSequence
            steps[index].error = nil
        case .skip: steps[index].status = .skipped
        case .fail:
            let failure = Failure(kind: Failure.settledKind, message: reason)
            steps[index].error = failure
            giveUp(index, failure, at)
        }
    }

    private mutating func set(_ status: RunStatus, _ at: Instant) {
        self.status = status
        updatedAt = at
    }

    private mutating func finish(_ status: RunStatus, _ at: Instant) {
        set(status, at)
        completedAt = at
        guard hasMarks else { return }
        marks.pause = nil
        // A FAILED run may be taken up again, and then it goes on with what it was sent.
        if status != .failed { (marks.signals, marks.signalKeys) = ([], []) }
    }

    /// The error says why the run is FAILED now; why it had turned back is kept, for when it is taken up again.
    private mutating func fail(_ failure: Failure, _ at: Instant) {
        turnedBackBy = turnedBackBy ?? error
        error = failure
        finish(.failed, at)
    }

    mutating func begin(_ index: Int, _ at: Instant) {
        steps[index].startedAt = steps[index].startedAt ?? at
        if status == .pending { set(.running, at) }
    }

    /// The step has failed for good, and unless it says otherwise the run with it.
    private mutating func giveUp(_ index: Int, _ failure: Failure, _ at: Instant) {
        steps[index].status = .failed
        steps[index].completedAt = at
        guard !stepDefinition(index).continuesOnFailure else { return }
        if isPastPivot, cause == nil, !isPlanted(.pivotForgotten) {
            return steps[index].awaitsPerson = !isPlanted(.stuckStepForgotten)
        }
        let failure = failure.of(step: stepID(index))
        if isElement(index) { failList(of: index, failure, at) }
        leaveForwardPath(.stepFailed, failure, at)
    }

    private mutating func beginAttempt(_ index: Int, _ action: CallAction, _ attempt: Int, _ at: Instant) {
        steps[index].nextAttemptAt = nil
        steps[index].attemptSequence = lastSequence
        switch action {
        case .execute:
            steps[index].status = .executing
            steps[index].attempts = attempt
            begin(index, at)
        case .compensate:
            steps[index].compensationStatus = .compensating
            steps[index].compensationAttempts = attempt
            if steps[index].undoingSince == nil, stepDefinition(index).compensation?.retry.boundsElapsed == true {
                steps[index].undoingSince = at
            }
        }
    }

    private mutating func succeed(
        _ index: Int, _ action: CallAction, _ report: CallReport, _ output: JSON, _ at: Instant
    ) {
        close(index)
        switch action {
        case .execute:
            steps[index].status = .succeeded
            steps[index].output = output
            steps[index].outputSequence = lastSequence
            if let kept = stepDefinition(index).keptAnswer {
                steps[index].answer = StepAnswer(kept, status: report.httpStatus, headers: report.headers)
            }
            steps[index].error = nil
            steps[index].completedAt = at
        case .compensate:
            steps[index].compensationStatus = .compensated
        }
    }

    private mutating func fail(
        _ index: Int, _ action: CallAction, _ attempt: Int, _ report: CallReport, _ failure: Failure,
        _ retryIn: Duration?, _ at: Instant
    ) {
        close(index)
        let before = steps[index]
        if action == .compensate, before.status == .failed, before.actionError == nil {
            steps[index].actionError = before.error
        }
        steps[index].error = isElement(index) ? failure.brief : failure
        steps[index].error?.lostAttempts =
            before.lostAttempts(before: attempt) + (failure.kind == Failure.lostKind ? 1 : 0)
        steps[index].error?.notAllowedAttempts =
            before.notAllowedAttempts(before: attempt) + (failure.kind == Failure.notAllowedKind ? 1 : 0)
        // `failure` says by itself whether its attempt is one of these.
        steps[index].error?.patientAttempts = before.patientAttempts(before: attempt) + failure.patientAttempts
        steps[index].error?.hidesOutput =
            before.error?.hidesOutput == true || (action == .execute && failure.kind == Failure.unreadableKind)
        steps[index].nextAttemptAt = retryIn.map { at + $0 }
        switch action {
        case .execute:
            steps[index].isAmbiguous = steps[index].isAmbiguous || report.mayHaveEffect
            steps[index].status = .pending
            if retryIn == nil { giveUp(index, failure, at) }
        case .compensate:
            steps[index].isCompensationAmbiguous = steps[index].isCompensationAmbiguous || report.mayHaveEffect
            steps[index].compensationStatus = retryIn == nil ? .failed : .pending
            // The run was going on: with an effect that stands it does so no more.
            guard retryIn == nil, status != .compensating, !isPastPivot else { return }
            leaveForwardPath(.stepFailed, failure.of(step: stepID(index)), at)
        }
    }

    private mutating func abandon(_ index: Int, _ at: Instant) {
        steps[index].nextAttemptAt = nil
        // What was told of it while the run was paused is not the end of its undoing.
        close(index)
        guard steps[index].attempts > 0 || hasList(index) else { return steps[index].status = .pending }
        steps[index].status = .failed
        steps[index].completedAt = at
    }

    /// The first cause stays, but a cancel is always remembered: what was accepted must end CANCELLED. A quarantine that
    /// is over by then is no longer what is wrong with the run.
    private mutating func leaveForwardPath(_ newCause: RunCause, _ failure: Failure, _ at: Instant) {
        error = cause == .quarantined && newCause == .cancelRequested ? failure : error ?? failure
        cause = newCause == .cancelRequested ? newCause : cause ?? newCause
        updatedAt = at
    }

    /// A waiting step goes now; a failed run takes its failed compensation (or all of them, or, when it was
    /// quarantined, everything that was unfinished) up again.
    private mutating func retry(_ index: Int?, _ at: Instant) {
        if status == .failed {
            let neverStarted = steps.allSatisfy { $0.status == .pending && $0.attempts == 0 }
            takeUp(neverStarted ? .pending : .running, at)
            // Nothing was undone yet, so the quarantine was all that kept the run from going on.
            if cause == .quarantined, !isUndoing {
                cause = nil
                error = nil
            }
        }
        for (step, state) in steps.enumerated() where index == nil || step == index {
            if state.compensationStatus == .failed {
                steps[step].compensationStatus = .pending
                steps[step].compensationAttempts = 0
                steps[step].undoingSince = nil
                // Elements have their turn: no more of them are undone at a time than may be. The undoing of a child is asked for
                // anew.
                steps[step].nextAttemptAt = isElement(step) || undoesChild(step) ? nil : at
            } else if index != nil, state.awaitsPerson {
                steps[step].awaitsPerson = false
                steps[step].status = .pending
                steps[step].completedAt = nil
                // What makes no call begins anew.
                steps[step].nextAttemptAt = state.attempts > 0 ? at : nil
            } else if index != nil, state.nextAttemptAt != nil, !state.awaitsChild {
                steps[step].nextAttemptAt = at
            }
        }
    }

    /// What a person has undone can't become whole again: the run keeps its cause, so that it is undone from here on.
    private mutating func resolve(_ index: Int, _ at: Instant) {
        if status == .failed { takeUp(.running, at) }
        if steps[index].waitingAction == .compensate { steps[index].nextAttemptAt = nil }
        if steps[index].compensationStatus == .compensating { close(index) }
        steps[index].compensationStatus = .compensated
        steps[index].child = steps[index].child?.becoming(.over)
    }

    /// What a step undid for itself while the run went on does not count.
    private var isUndoing: Bool { steps.hasActive { $0.compensationStatus != .notRequired && !$0.isUndoneAtOnce } }

    /// A FAILED run lives again: backward if it was on its way back, else as `forward` says. What it was FAILED for is
    /// over, unless it turned back for nothing else.
    private mutating func takeUp(_ forward: RunStatus, _ at: Instant) {
        error = turnedBackBy ?? (cause == .quarantined ? error : nil)
        turnedBackBy = nil
        completedAt = nil
        // While children are at work nothing is undone, as in any run that turns back.
        set(isUndoing && !hasLiveChild ? .compensating : forward, at)
    }
}
