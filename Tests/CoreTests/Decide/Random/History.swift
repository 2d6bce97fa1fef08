import Core
import Simulation

/// One run lived through: faults first, then healing.
struct History {
    /// What was seen to happen, so that a test can require that it did.
    struct Seen {
        var ends: [RunStatus: Int] = [:]
        var failedOnTheWay = 0
        var events: [RunEventKind: Int] = [:]
        var takeovers = 0
        var refusedLate = 0
        var nullCompensations = 0
        var refusedHappenings = 0
        var decisions = 0
        var resolvedTogether = 0
    }

    private(set) var run: Run
    private(set) var audit: Audit
    private(set) var seen = Seen()
    private var random: SeededGenerator
    private var now = Instant(microseconds: 1_700_000_000_000_000)
    private var world: ModelParticipant
    private var late: [ModelParticipant.Request] = []
    private var log: [(event: RunEvent, at: Instant)] = []
    private var isHealed = false
    /// What was accepted without anything being done.
    private var hollow: Set<ModelParticipant.Request> = []
    private var initial: Run

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        let workflow = try RandomWorkflow(using: &random, children: ["c"])
        audit = Audit(workflow)
        world = ModelParticipant(steps: workflow.count + workflow.elementCount)
        initial = Run(
            id: RunID(high: seed, low: 0), definition: workflow.definition, input: [:], context: [:], createdAt: now)
        run = initial
    }

    /// Lives the whole life; says everything that was wrong.
    mutating func live() -> [String] {
        let startAt = random.chance(10) ? now + .milliseconds(Int.random(in: 1...5000, using: &random)) : nil
        apply(start(run, now: now, startAt: startAt), isStart: true)
        if random.chance(10), !run.status.isTerminal {
            let parent = ParentLink(
                runID: RunID(high: 7, low: 7), stepID: "s0", depth: 3, isDetached: random.chance(50))
            apply([.parentLinked(parent)], isStart: true)
        }
        let wrong = goOn()
        guard wrong.isEmpty, random.chance(30), beginAnew() else { return wrong }
        return goOn()
    }

    /// The same is done anew by another run, which takes over what that one did. False where it is not.
    private mutating func beginAnew() -> Bool {
        let fromStep = Int.random(in: 0..<audit.workflow.count, using: &random)
        guard let kept = try? run.keptSteps(for: run.definition, from: fromStep, repeats: true) else { return false }
        let inheritable = audit.inheritable(from: fromStep)
        let whole = Set(kept.map(\.step).filter { $0 < audit.workflow.count })
        if inheritable != whole { audit.note("\(whole) are taken over, not \(inheritable)") }
        let id = RunID(high: initial.id.high, low: 1)
        let restart = Restart(run: run.id, fromStep: fromStep, by: "ops", reason: "anew", kept: kept)
        var fresh = Run(id: id, definition: run.definition, input: [:], context: [:], createdAt: now)
        let begin = start(fresh, now: now, restart: restart)
        let firstOfAll = fresh
        for event in begin { fresh.evolve(event, at: now) }
        let steps = restart.handedOver(by: run, to: fresh)
        // Elements may have other numbers than in the run that did them first.
        let numbers = Dictionary(uniqueKeysWithValues: steps.map { ($0, fresh.number(of: run.stepID($0)) ?? -1) })
        apply([.restartedAs(run: id, steps: steps, by: "ops", reason: "anew")])
        if !steps.isEmpty { happen(.undo(by: "ann", reason: "It was not meant.")) }
        var next = Audit(audit.workflow)
        next.violations = audit.violations
        next.inherited = Set(kept.map(\.step))
        next.settled = Set(audit.settled.compactMap { numbers[$0] })
        audit = next
        world.hand(over: numbers)
        late = late.compactMap { request in
            numbers[request.step].map { ModelParticipant.Request(step: $0, action: request.action) }
        }
        (hollow, log, isHealed) = ([], [], false)
        initial = firstOfAll
        run = initial
        apply(begin, isStart: true)
        return true
    }

    /// The rest of its life.
    private mutating func goOn() -> [String] {
        for _ in 0..<Int.random(in: 0...40, using: &random) where !isOver { fault() }
        isHealed = true
        let count = audit.workflow.count + audit.workflow.elementCount
        let bound = 8 * count * (count + 4)
        var looks = 0
        let wantsUndo = random.chance(30)
        while !isOver || (wantsUndo && audit.ended == .runCompleted && !audit.isPastPivot) {
            if audit.ended == .runCompleted { happen(.undo(by: "ann", reason: "It was not meant.")) } else { heal() }
            looks += 1
            if looks > bound { return audit.violations + ["no end after \(looks) looks: \(run.status)"] }
        }
        seen.ends[run.status, default: 0] += 1
        var wrong = audit.violations + netEffects("at the end") + foldDiffers()
        for request in late { _ = world.receive(request) }
        wrong += netEffects("after everything late has arrived")
        seen.refusedLate = world.refusedLate
        seen.nullCompensations = world.nullCompensations
        return wrong
    }

    /// All that happened, an event a line.
    var told: String { log.enumerated().map { "\($0 + 1) \($1.at) \($1.event)" }.joined(separator: "\n") }

    /// What has happened, for a reader.
    var words: String { log.map { "\($0.event)" }.joined(separator: "\n") }

    private var isOver: Bool { run.status.isTerminal && run.status != .failed }

    // MARK: What happens

    private mutating func fault() {
        let calls = callsInFlight
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60:
            if let call = calls.randomElement(using: &random) { answer(call) } else { wake() }
        case 60..<65: wake()
        case 65..<67:
            endChild(random.chance(80) ? audit.openChildren.randomElement(using: &random) ?? anyStep : anyStep)
        case 67..<70: callBack(anyStep)
        case 74..<76 where !audit.looks.isEmpty: look(audit.looks.keys.min() ?? 0)
        case 70..<72: happen(.signal(signal(random.chance(60) ? "go" : "stop", isOK: random.chance(60))))
        case 72..<75:
            let steps = random.chance(70) ? [anyStep] : (0..<Int.random(in: 0...3, using: &random)).map { _ in anyStep }
            happen(.resolve(steps: steps, by: "ops", reason: "by hand"))
        case 75..<80:
            now += .milliseconds(Int.random(in: 0...800, using: &random))
            happen(.woke)
        case 80..<85: takeOver()
        case 85..<86: happen(.pause(by: "ops", reason: nil, holdsDeadline: random.chance(50)))
        case 86..<87: happen(random.chance(80) ? .resume(by: "ops", reason: nil) : .undo(by: "ann", reason: "No."))
        case 87..<88:
            let settlement = Settlement.allCases.randomElement(using: &random) ?? .skip
            let waits = run.steps.indices.filter { run.steps[$0].nextAttemptAt != nil || audit.awaiting.contains($0) }
            let step = random.chance(80) ? waits.randomElement(using: &random) ?? anyStep : anyStep
            happen(.settle(step: step, settlement, output: ["by": "hand"], by: "ops", reason: "by hand"))
        case 88..<89:
            let step = audit.accepted.keys.min() ?? anyStep
            happen(.beat(step: step, run.steps[step].openAttempt?.action ?? .execute))
        case 89..<91: happen(.cancel(by: "somebody", reason: nil))
        case 91..<96: happen(.retry(step: random.chance(15) ? nil : anyStep, by: "ops"))
        case 96..<97:
            scatter()
            happen(.poison(Failure(kind: "quarantined", message: "poison")))
        default:
            guard !late.isEmpty else { return }
            _ = world.receive(late.remove(at: Int.random(in: 0..<late.count, using: &random)))
        }
    }

    private mutating func heal() {
        if run.status == .failed {
            let resolvable = run.steps.indices.filter { run.canResolve(step: $0) }
            if random.chance(40), !resolvable.isEmpty {
                let count = random.chance(70) ? resolvable.count : Int.random(in: 1...resolvable.count, using: &random)
                let steps = resolvable.shuffled(using: &random).prefix(count)
                if count > 1 { seen.resolvedTogether += 1 }
                happen(.resolve(steps: Array(steps), by: "ops", reason: "by hand"))
            } else {
                let steps = run.steps.indices.filter { run.canRetry(step: $0) }
                happen(.retry(step: random.chance(30) ? nil : steps.first, by: "ops"))
            }
        } else if let call = callsInFlight.randomElement(using: &random) {
            answer(call)
        } else if let step = audit.openChildren.first, random.chance(70) {
            endChild(step)
        } else if let step = audit.accepted.keys.min(), random.chance(70) {
            if audit.looks[step] != nil { look(step) } else { callBack(step) }
        } else if audit.isPaused {
            happen(.resume(by: "ops", reason: "mended"))
        } else if let step = audit.awaiting.min(),
            case .signal(let name, _, _) = audit.workflow.kinds[audit.base(step)],
            random.chance(80)
        {
            happen(.signal(signal(name, isOK: true)))
        } else if let step = run.steps.indices.first(where: { audit.awaitingPerson.contains($0) }) {
            if random.chance(50) {
                happen(.retry(step: step, by: "ops"))
            } else {
                happen(
                    .settle(
                        step: step, random.chance(50) ? .complete : .skip, output: nil, by: "ops", reason: "by hand"))
            }
        } else if let step = audit.gaveUpUndoing.min(), run.status != .compensating {
            happen(
                random.chance(50)
                    ? .retry(step: step, by: "ops") : .resolve(steps: [step], by: "ops", reason: "by hand"))
        } else {
            wake()
        }
    }

    /// A child ends as it was asked to, mostly.
    private mutating func endChild(_ step: Int) {
        let child = audit.children[step]
        let status: RunStatus
        switch child?.phase {
        case .cancelling: status = random.chance(75) ? .cancelled : .completed
        case .undoing: status = random.chance(95) ? .compensated : .completed
        default: status = random.chance(75) ? .completed : .compensated
        }
        let isTooLong = status == .completed && random.chance(5)
        let runID = child.map(\.runID) ?? RunID(high: 5, low: 5)
        happen(
            .childEnded(
                step: step,
                ChildEnd(
                    runID: random.chance(95) ? runID : RunID(high: 5, low: 6), status: status,
                    output: isTooLong || status != .completed ? nil : ["n": 3],
                    error: status == .completed ? nil : Failure(kind: "rejected", message: "No."),
                    isFinal: status == .completed && random.chance(20), outputBytes: isTooLong ? 1_000_000 : nil)))
    }

    /// The participant tells the end of what is open there, or says something about what is not.
    private mutating func callBack(_ step: Int) {
        let action = run.steps[step].openAttempt?.action ?? (random.chance(70) ? .execute : .compensate)
        let place = ModelParticipant.Request(step: step, action: action)
        let outcome: Callback.Outcome
        if world.has(place) {
            outcome = isHealed || random.chance(80) ? .succeeded : .failed
        } else if hollow.contains(place) {
            outcome = .rejected
        } else {
            return
        }
        let digest = "\(outcome) \(Int.random(in: 0..<2, using: &random))"
        happen(
            .calledBack(step: step, action, Callback(outcome: outcome, output: ["n": 2], error: nil, digest: digest)))
    }

    /// The engine looks what became of what is accepted there, once that is due.
    private mutating func look(_ step: Int) {
        guard let (action, attempt) = run.steps[step].openAttempt, let due = audit.looks[step]?.due else { return }
        now = max(now, due)
        let place = ModelParticipant.Request(step: step, action: action)
        var result: CallResult
        switch isHealed ? 50 : Int.random(in: 0..<100, using: &random) {
        case 0..<15:
            let wait = random.chance(30) ? Duration.seconds(Int.random(in: 0...400, using: &random)) : nil
            result = CallResult(outcome: .succeeded, httpStatus: 200, retryAfter: wait)
            result.isAccepted = true
        case 15..<30:
            let wait = random.chance(30) ? Duration.seconds(Int.random(in: 0...400, using: &random)) : nil
            result = CallResult(outcome: .busy, httpStatus: 429, retryAfter: wait)
        case 30..<40: result = CallResult(outcome: .unknown)
        case 40..<45: result = CallResult(outcome: .rejected, httpStatus: 404)
        default:
            let outcome: Outcome = world.has(place) ? .succeeded : hollow.contains(place) ? .rejected : .unknown
            result = CallResult(
                outcome: outcome, httpStatus: outcome == .unknown ? 410 : 200,
                output: outcome == .succeeded ? ["n": 3] : nil)
            result.isVerdict = true
        }
        happen(.looked(step: step, action: action, attempt: random.chance(95) ? attempt : attempt + 1, result))
    }

    private mutating func signal(_ name: String, isOK: Bool) -> ReceivedSignal {
        // What says something else has another key.
        let key = random.chance(40) && !isHealed ? "\(name) \(isOK) \(Int.random(in: 0..<3, using: &random))" : nil
        return ReceivedSignal(name: name, payload: ["ok": .bool(isOK)], by: "ann", key: key)
    }

    private var anyStep: Int { mutating get { Int.random(in: run.steps.indices, using: &random) } }

    private var callsInFlight: [(step: Int, action: CallAction, attempt: Int)] {
        run.nextCommands(at: now).compactMap {
            if case .call(let call) = $0 { (call.step, call.action, call.attempt) } else { nil }
        }
    }

    private mutating func wake() {
        if let wakeAt = run.wakeAt { now = max(now, wakeAt) }
        happen(.woke)
    }

    private mutating func takeOver() {
        if !callsInFlight.isEmpty { seen.takeovers += 1 }
        scatter()
        happen(.tookOver)
    }

    /// The engine dies: each of its calls has arrived, will arrive late, or never.
    private mutating func scatter() {
        for call in callsInFlight {
            let request = ModelParticipant.Request(step: call.step, action: call.action)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: _ = world.receive(request)
            case 1: late.append(request)
            default: break
            }
        }
    }

    private mutating func answer(_ call: (step: Int, action: CallAction, attempt: Int)) {
        now += .milliseconds(Int.random(in: 0...30, using: &random))
        let result = outcome(ModelParticipant.Request(step: call.step, action: call.action))
        happen(.finished(step: call.step, action: call.action, attempt: call.attempt, result))
    }

    private mutating func outcome(_ request: ModelParticipant.Request) -> CallResult {
        hollow.remove(request)
        if audit.workflow.mayAccept(audit.base(request.step), request.action), random.chance(70) {
            var result = CallResult(outcome: .succeeded, httpStatus: 202)
            result.isAccepted = true
            if audit.workflow.isPolled[audit.base(request.step)] {
                let wait = Duration.milliseconds(audit.workflow.every)
                result.poll = PollStart(path: "/jobs/1", firstLook: random.chance(80) ? wait : wait * 2)
            }
            if isHealed || random.chance(80) {
                guard world.receive(request) else { return CallResult(outcome: .rejected, httpStatus: 409) }
            } else if !world.has(request) {
                hollow.insert(request)
            }
            return result
        }
        switch isHealed ? 0 : Int.random(in: 0..<100, using: &random) {
        case 0..<60:
            let isAccepted = world.receive(request)
            return isAccepted
                ? CallResult(outcome: .succeeded, httpStatus: 200, output: ["at": JSON(request.step)])
                : CallResult(outcome: .rejected, httpStatus: 409)
        case 60..<68:
            _ = world.receive(request)
            return CallResult(outcome: .unknown, httpStatus: 500)
        case 68..<73:
            late.append(request)
            return CallResult(outcome: .unknown)
        case 73..<78: return CallResult(outcome: .unknown, httpStatus: 500)
        case 78..<82:
            late.append(request)
            return CallResult(outcome: .busy, httpStatus: 408)
        case 82..<88:
            let wait = random.chance(50) ? Duration.seconds(Int.random(in: 0...2000, using: &random)) : nil
            return CallResult(outcome: .busy, httpStatus: 429, retryAfter: wait)
        case 88..<92: return CallResult(outcome: .notSent)
        default: return CallResult(outcome: .rejected, httpStatus: 422)
        }
    }

    // MARK: Deciding

    /// Whether the rules, as a person reads them, allow it.
    private func isLegal(_ happening: Happening) -> Bool {
        switch happening {
        case .finished, .tookOver, .woke, .cancel, .signal, .poison: audit.ended == nil
        case .childEnded(let step, let end):
            audit.ended == nil && audit.isOpen(step) && audit.children[step]?.runID == end.runID
        case .calledBack(let step, let action, let callback): audit.takesCallback(step, action, callback)
        case .beat(let step, let action): audit.takesCallback(step, action, nil)
        case .looked(let step, let action, let attempt, _):
            audit.ended == nil && audit.looks[step] != nil
                && audit.inFlight[step].map { $0 == (action, attempt) } ?? false
        case .retry(nil, _, _):
            audit.ended == .runFailed || audit.ended == .runQuarantined
                || (audit.ended == nil && !audit.gaveUpUndoing.isEmpty && audit.undoing != nil)
        case .retry(let step?, _, _):
            if audit.ended == .runFailed || audit.ended == .runQuarantined {
                audit.gaveUpUndoing.isEmpty || audit.gaveUpUndoing.contains(step)
            } else {
                audit.ended == nil
                    && (run.steps[step].nextAttemptAt != nil
                        && run.steps[step].attempts + run.steps[step].compensationAttempts > 0
                        || audit.gaveUpUndoing.contains(step) || audit.awaitingPerson.contains(step))
            }
        case .settle(let step, let settlement, _, _, _): audit.canSettle(step, settlement)
        case .pause: audit.ended == nil
        case .resume: audit.ended == nil && audit.isPaused
        case .undo:
            audit.ended == nil
                ? audit.isUndoRequested && !audit.isCancelled
                : audit.ended == .runCompleted && !audit.isPastPivot && !audit.isHandedOver
        case .resolve(let steps, _, _):
            !steps.isEmpty && Set(steps).count == steps.count && steps.allSatisfy { audit.canResolve($0) }
        }
    }

    private mutating func happen(_ happening: Happening) {
        seen.decisions += 1
        let isLegal = isLegal(happening)
        do {
            let events = try decide(run, happening, now: now, jitter: Double.random(in: 0..<1, using: &random))
            apply(events)
            if !isLegal { audit.note("\(happening) was accepted") }
        } catch {
            seen.refusedHappenings += 1
            if isLegal { audit.note("\(error)") }
        }
    }

    private mutating func apply(_ events: [RunEvent], isStart: Bool = false) {
        audit.beginDecision()
        for (place, event) in events.enumerated() {
            let follow = place > 0 && events[place - 1].kind == .endCallsStarted
            let areWanted = Self.decidedEnds.contains(event.kind) && run.endCalls(after: event, at: now) != nil
            if follow != areWanted { audit.note("calls follow \(event.kind): \(follow)") }
            run.evolve(event, at: now)
            audit.observe(event, at: now)
            log.append((event, now))
            seen.events[event.kind, default: 0] += 1
            if event.kind == .runFailed { seen.failedOnTheWay += 1 }
        }
        let inFlight = audit.inFlight.filter { audit.accepted[$0.key] == nil }.sorted { $0.key < $1.key }
        let calls = callsInFlight
        let agrees =
            audit.ended != nil
            || calls.elementsEqual(inFlight) {
                $0.step == $1.key && $0.action == $1.value.action && $0.attempt == $1.value.attempt
            }
        let hasStaleError = ["compensation", "quarantined"].contains(run.error?.kind)
        if hasStaleError, run.status != .failed, run.cause != .quarantined {
            audit.note("\(run.status), but its error is \(run.error?.message ?? "")")
        }
        if (run.error == nil) != (run.cause == nil) { audit.note("cause and error do not belong together") }
        if !agrees { audit.note("calls to make \(calls), calls in flight \(inFlight)") }
        // What its start left to the first holder is claimed at once.
        if audit.ended == nil, calls.isEmpty, run.wakeAt == nil, !run.waitsForOutside, !isStart {
            audit.note("the run is alive and nothing will move it")
        }
    }

    private static let decidedEnds: Set<RunEventKind> = [.runCompleted, .runCompensated, .runCancelled, .runFailed]

    // MARK: At the end

    private func netEffects(_ when: String) -> [String] {
        run.steps.indices.compactMap { step in
            let net = world.net[step]
            if audit.resolved.contains(step) { return nil }
            if audit.settled.contains(step), run.status == .completed { return nil }
            let isRight =
                switch run.status {
                case .completed where audit.leftBehind.contains(audit.base(step)):
                    net == 0
                        || (net == 1 && !audit.workflow.isCompensable[audit.base(step)]
                            && audit.mayHaveEffect.contains(step))
                case .completed: net == (audit.skipped.contains(step) || !audit.makesCall(step) ? 0 : 1)
                default:
                    net == 0
                        || (net == 1 && !audit.workflow.isCompensable[audit.base(step)]
                            && audit.mayHaveEffect.contains(step))
                }
            return isRight ? nil : "invariant 4, \(when): step \(step) of a \(run.status) run has net effect \(net)"
        }
    }

    /// Invariant 12: the events alone give the rows.
    private func foldDiffers() -> [String] {
        var folded = initial
        for (event, at) in log { folded.evolve(event, at: at) }
        let isSame =
            folded.status == run.status && folded.cause == run.cause && folded.error == run.error
            && folded.turnedBackBy == run.turnedBackBy && folded.output == run.output
            && folded.updatedAt == run.updatedAt
            && folded.completedAt == run.completedAt && folded.steps == run.steps
            && folded.marks == run.marks && folded.lastSequence == run.lastSequence && run.lastSequence == log.count
        return isSame ? [] : ["invariant 12: folding the events gives another run"]
    }
}
