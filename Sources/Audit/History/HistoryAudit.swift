internal import Core

/// Judges the events of one run, in their order: invariants 5, 6, 7, 10, 11, 13, 14, 17 and 22.
///
/// Holds what the events say (who is in flight, who is undone) apart from the folded `Run`, so that a decider and a fold
/// that err alike are found out.
struct HistoryAudit {
    let definition: WorkflowDefinition
    /// The events folded so far.
    private(set) var run: Run
    private let findings: Findings

    var sequence = 0
    /// Steps that succeeded, or were skipped.
    var succeeded: Set<Int> = []
    var skipped: Set<Int> = []
    /// Steps that gave up in a run that goes on.
    var leftBehind: Set<Int> = []
    /// Of those, the ones that are undone while it does.
    var undoneAtOnce: Set<Int> = []
    /// When each step was done, so that those that depend on it might go.
    var doneAt: [Int: Instant] = [:]
    /// A step has ended the run as completed.
    var isEnding = false
    /// Steps one of whose attempts succeeded or had no usable answer.
    var mayHaveEffect: Set<Int> = []
    /// What the run said it would undo, and what it said it can't; nil before it did.
    var undoing: Set<Int>?
    var uncompensated: Set<Int> = []
    var undone: Set<Int> = []
    /// Undone by hand, which is a person's word: among `undone`, too.
    var resolved: Set<Int> = []
    var gaveUpUndoing: Set<Int> = []
    var inFlight: [Int: (action: CallAction, attempt: Int)] = [:]
    /// Attempts begun, by step and action; an operator's retry of a compensation begins anew.
    var attempts: [Int: [CallAction: Int]] = [:]
    /// Of those, the attempts that were lost with their engines: no policy counts them.
    var lost: [Int: [CallAction: Int]] = [:]
    /// And those that were not made because their engines were not allowed to.
    var notAllowed: [Int: [CallAction: Int]] = [:]
    /// Attempts after which the participant had said when to come back.
    var patient: [Int: [CallAction: Int]] = [:]
    /// When the first attempt of each action began.
    var began: [Int: [CallAction: Instant]] = [:]
    /// Steps that wait, for their next attempt or for their time, and the earliest time for it.
    var waiting: [Int: Instant] = [:]
    /// Forward progress has ended.
    var hasLeftForward = false
    var isCancelled = false
    /// The run is quarantined.
    var isSetAside = false
    /// Nothing new is to begin.
    var isPaused = false
    /// Nothing is to begin sooner.
    var notBefore: Instant?
    /// Steps that gave up past the pivot, with nowhere to turn to.
    var awaitingPerson: Set<Int> = []
    /// Steps that a person ended: what they have done is that person's word.
    var settled: Set<Int> = []
    /// An event of a newer version, by its kind: what comes after can't be judged.
    private(set) var unknownKind: String?
    /// Steps that wait for a signal.
    var awaiting: Set<Int> = []
    /// Attempts that were accepted: when they are over at the earliest, if nothing comes.
    var accepted: [Int: Instant] = [:]
    /// Of those that are polled: when the next look is due.
    var looks: [Int: Instant] = [:]
    /// Callbacks that have led to nothing yet.
    var callbacks: [Int: Callback] = [:]
    /// Runs that steps have started.
    var children: [Int: KnownChild] = [:]
    /// Signals that nobody has taken.
    var kept: [KeptSignal] = []
    var signalKeys: [String] = []
    /// The elements of each step with a list that has begun, and those steps that are at work.
    var elements: [Int: Range<Int>] = [:]
    var openLists: Set<Int> = []
    /// Elements that have begun, and those of them that gave up.
    var begunElements: Set<Int> = []
    var failedElements: Set<Int> = []
    /// What was taken over from another run, and whose effect it is.
    var inherited: [Int: RunID?] = [:]
    /// The runs that it does anew, and that does it anew.
    var restartedFrom: RunID?
    var restartedAs: (run: RunID, steps: Set<Int>)?
    /// The last event says that calls follow the end, and the end is to come.
    var announcesEnd = false
    /// When it was taken up by a resolve: the other steps that were resolved by the same decision follow at once.
    var takenUpAt: Instant?

    init(_ row: RunRow, _ definition: WorkflowDefinition, _ findings: Findings) {
        self.definition = definition
        self.findings = findings
        run = Run(
            id: row.runID, definition: definition, input: row.input, context: row.context, createdAt: row.createdAt)
    }

    func require(_ holds: Bool, _ invariant: Int, _ text: @autoclosure () -> String) {
        findings.require(holds, invariant, text())
    }

    /// Reads the whole history, oldest event first.
    mutating func read(_ events: [StoredEvent]) {
        var epoch: Int64 = 0
        var holders: [Int64: EngineID] = [:]
        if events.isEmpty { require(false, 11, "it has no history") }
        for stored in events {
            sequence += 1
            let (expected, found) = (sequence, stored.sequence)
            require(found == expected, 11, "event \(found) stands where \(expected) should")
            sequence = found
            require(stored.epoch >= epoch, 13, "event \(found) was written under epoch \(stored.epoch) after \(epoch)")
            epoch = max(epoch, stored.epoch)
            if let engine = stored.engineID {
                let holder = holders[stored.epoch] ?? engine
                require(holder == engine, 13, "two engines wrote under epoch \(stored.epoch)")
                holders[stored.epoch] = holder
            }
            guard stored.isKnown else {
                unknownKind = stored.kind
                return
            }
            guard let event = stored.row.event(of: run.numbering) else {
                require(false, 12, "event \(found), \(stored.kind), can't be read")
                continue
            }
            let before = run.status
            judgeEndCalls(event, at: stored.at)
            run.evolve(event, at: stored.at)
            observe(event, at: stored.at, before, run.status)
        }
        requireNoneOverlooked()
        requireNoneOverdue()
    }

    private mutating func observe(_ event: RunEvent, at: Instant, _ before: RunStatus, _ after: RunStatus) {
        let number = sequence
        let kind = event.kind
        require((kind == .runStarted) == (number == 1), 11, "event \(number) is \(kind.rawValue)")
        require(
            Transitions.isLegal(from: before, to: after, by: kind), 11,
            "event \(number), \(kind.rawValue), leads from \(before.rawValue) to \(after.rawValue)")
        // A run that is taken up and still can't be read is set aside again.
        let mayFollow =
            switch before {
            case .failed:
                kind == .retryRequested || kind == .stepResolved || kind == .runQuarantined || kind == .restartedAs
            case .completed: kind == .undoRequested || kind == .runQuarantined || kind == .restartedAs
            default: kind == .restartedAs
            }
        if after.isTerminal { isPaused = false }
        if kind == .restartedAs { require(before.isTerminal, 23, "it is done anew before it has ended") }
        if before.isTerminal { require(mayFollow, 11, "event \(number), \(kind.rawValue), follows the end") }
        if let takenUpAt, kind != .stepResolved || at != takenUpAt {
            self.takenUpAt = nil
            isSetAside = false
        }
        switch event {
        case .runStarted(let due):
            for step in due { waiting[step] = at }
        case .attemptStarted(let step, let action, let attempt): begin(step, action, attempt, at)
        case .attemptSucceeded(let step, let action, let attempt, let report, _):
            judgeEnd(step, report)
            end(step, action, attempt)
            if action == .execute {
                succeeded.insert(step)
                doneAt[step] = at
                mayHaveEffect.insert(step)
            } else {
                undone.insert(step)
                if undoneAtOnce.contains(step) { doneAt[step] = at }
            }
        case .attemptFailed(let step, let action, let attempt, let report, let failure, let retryIn):
            endAccepted(step, failure, report, at)
            end(step, action, attempt)
            fail(FailedAttempt(step: step, action: action, attempt: attempt, report, failure, retryIn), at)
        case .attemptAccepted(let step, let action, let attempt, _, let timeout, let heartbeat, let poll):
            accept(step, action, attempt, until: at + (heartbeat.map { min($0, timeout) } ?? timeout), poll, at)
        case .attemptLooked(let step, let action, let failure, let lookIn): look(step, action, failure, lookIn, at)
        case .callbackReceived(let step, let action, let callback): callBack(step, action, callback, at)
        case .attemptHeartbeat(let step, let action):
            let id = id(step)
            require(
                accepted[step] != nil && inFlight[step]?.action == action, 21, "\(id) beats though it was not accepted")
        case .stepSkipped(let step):
            require((isReady(step) || isEnding) && !hasLeftForward, 10, "\(id(step)) was skipped out of turn")
            waiting[step] = nil
            awaiting.remove(step)
            skipped.insert(step)
            doneAt[step] = at
        case .waitStarted(let step, let until):
            pass(step, at)
            waiting[step] = until
        case .awaitStarted(let step, let until): beginAwaiting(step, until: until, at)
        case .signalReceived(let signal): receive(signal)
        case .signalTaken(let step, let signal): take(step, signal, at)
        case .elementsStarted(let step, let count, _): beginList(step, count, at)
        case .elementsEnded(let step): endList(step, at)
        case .parentLinked(let parent):
            let hasBegun = !attempts.isEmpty || !children.isEmpty
            require(!hasBegun && parent.depth <= ChildDefinition.maxDepth, 24, "it became a child when it had begun")
        case .childStarted(let step, let child, let until): startChild(step, child, until: until, at)
        case .childCancelRequested(let step, let failure): cancelChild(step, failure, at)
        case .childEnded(let step, let end): endChild(step, end, at)
        case .childUndoRequested(let step): undoChild(step, at)
        case .childUndoFailed(let step, _): failToUndoChild(step)
        case .endCallsStarted: break
        case .stepSucceeded(let step, _): succeed(step, at)
        case .stepFailed(let step, _):
            if openLists.contains(step) { return failList(step, at) }
            if awaiting.contains(step) { timeOut(step, at) } else { pass(step, at) }
            giveUp(step, at)
        case .stepUndoing(let step): undoAtOnce(step)
        case .stepAbandoned(let step):
            let waited =
                waiting.removeValue(forKey: step) != nil || awaiting.contains(step) || openLists.remove(step) != nil
            awaiting.remove(step)
            callbacks[step] = nil
            require(waited && hasLeftForward, 11, "\(id(step)) was abandoned though it did not wait")
        case .stepSettled(let step, let settlement, _, _, _): settle(step, settlement, at)
        case .runDelayed(let until):
            require(number == 2, 11, "it is put off when it has begun")
            notBefore = until
        case .runPaused, .runResumed: pause(kind == .runPaused)
        case .undoRequested:
            let (isPast, isFree) = (isPastPivot, restartedAs?.steps.isEmpty ?? true)
            require(!isPast, 18, "it is undone past its pivot")
            require(isFree, 23, "it is undone though another run has taken over what it did")
            hasLeftForward = true
        case .deadlineMissed:
            let isPast = isPastPivot
            require(isPast, 18, "its deadline passed without a consequence before its pivot")
        case .cancelRequested:
            turnBack(kind)
            isCancelled = true
        case .cancelRefused: refuse()
        case .deadlineExceeded: turnBack(kind)
        case .runCompensating(let steps, let others): beginUndoing(steps, others)
        case .runCompleted: complete()
        case .runCompensated, .runCancelled: endUndone(kind)
        case .runFailed: require(!gaveUpUndoing.isEmpty && inFlight.isEmpty, 11, "it failed for no reason")
        case .retryRequested(let step, _, _):
            retry(step, at)
            isSetAside = false
        case .stepResolved(let step, _, _):
            resolve(step)
            takenUpAt = at
        case .runQuarantined: isSetAside = true
        case .restartedFrom(let other, _, _, _): beginAnew(other, at: number)
        case .stepKept(let kept): keep(kept, at)
        case .restartedAs(let other, let steps, _, _): handOver(steps, to: other)
        }
    }

    func id(_ step: Int) -> String { run.stepID(step) }

    /// What it depends on is done; of an element, its list has room for it.
    func requireReady(_ step: Int) {
        let (id, isReady) = (id(step), isReady(step))
        if run.isElement(step) {
            require(isReady, 22, "\(id) began though its list had no room for it, or one of its elements had given up")
        } else {
            require(isReady, 10, "\(id) began before what it depends on was done")
        }
    }

    func isReady(_ step: Int) -> Bool {
        if run.isElement(step) { return isElementReady(step) }
        return run.stepDefinition(step).dependencies.allSatisfy { isDone($0) }
    }
}
