import Core
import Testing

/// Drives one run with a script of words and keeps the trace of what was decided.
///
/// Input words (a leading `-` means the step's compensation, a leading `!` that the decider must refuse the word):
/// - `go`: time passes to the next wake-up, and the run is woken. `now`: it is woken without time passing. `late`: time
///   passes to the deadline, and the run is woken. `+250ms`: only time passes.
/// - `a=ok`, `a=no` (rejected), `a=what` (unknown), `a=down` (not sent), `a=408`, `a=busy`, `a=busy/5s` (Retry-After).
///   The attempt is the one in flight; `a#2=ok` names one.
/// - `a=202`: accepted; `a=202/5s` asks for a first look no sooner. `a?work`, `a?work/5s` (Retry-After), `a?down`, `a?429/5s`, `a?ok`,
///   `a?no`, `a?gone`: what a look finds.
/// - `a=202`: accepted. `a<ok`, `a<no`, `a<failed`: its callback; `a<ok#2` is another one,
///   `a<failed/1` speaks of the first attempt. `a<beat`: a sign of life.
/// - `pause`, `hold` (one that holds the deadline), `resume`, `undo`, `complete:a`, `skip:a`, `fail:a`.
/// - `signal:go` (it says that it is ok), `signal:go/no` (that it is not), either with `#key` behind it.
/// - `kid>ok`, `kid>final` (past its pivot), `kid>huge`, `kid>undone`, `kid>cancelled`: its child's end; `kid>other`: that of another run.
/// - `takeover`, `cancel`, `retry:a`, `retry` (all that failed), `resolve:a`, `resolve:a,b`, `poison`.
///
/// Trace words: `due(a)`, `a#1` (attempt started), `a=succeeded`, `a=unknown+100ms` (to be repeated after that long),
/// `a=unknown` (given up), `wait(a+500ms)`, `await(a)` or `await(a+5000ms)`, `signal(go)`,
/// `list(a*3)` (the elements `a[0]` to `a[2]` are there), `listed(a)` (they are done),
/// `run(kid:child+500ms)` (a child is started), `cancel(kid)` (it is asked to turn back; `!` because of its timeout), `kid:completed`,
/// `kid:compensated(rejected)`, `undo:kid` (its undoing is asked for; `!` can't be), `take(a)`, `a=accepted`, `a<succeeded` (a callback), `beat(a)`, `a=done` (a step that makes no call), `a=ended` (one that failed, its error's kind),
/// `then` (calls follow the end), `undo!(a)` (undone at once), `skip(a)`, `drop(a)` (abandoned), `cancel`, `deadline`, `undo(a,b|c)` (`c` has no compensation),
/// `retry(a)`, `resolve(a)`, `complete(a)`, `pause`, `resume(5ms)` (the deadline was held for so long), `delay(5ms)`, `undo`,
/// `cancel!` (refused), `missed` (the deadline, past the pivot), and at last a run status or `QUARANTINED`. Words of one decision stand together, decisions
/// are parted by `/`.
struct Play {
    private(set) var run: Run
    private(set) var now: Instant
    private(set) var decisions: [String] = []
    private(set) var events: [RunEvent] = []
    var jitter = 0.5

    /// Starts a run as the API does.
    init(_ flow: Flow, input: JSON = [:], delay: Duration? = nil) throws {
        now = Instant(microseconds: 1_700_000_000_000_000)
        run = Run(
            id: RunID(high: 1, low: 2), definition: try flow.definition(), input: input, context: [:], createdAt: now)
        apply(start(run, now: now, startAt: delay.map { now + $0 }))
    }

    /// What was decided from the start on.
    var trace: String { decisions.filter { !$0.isEmpty }.joined(separator: " / ") }

    /// Runs a script, its words separated by spaces.
    mutating func script(_ text: String) throws {
        for word in text.split(separator: " ") { try step(String(word)) }
    }

    /// Asks the decider and applies what it says.
    mutating func happen(_ happening: Happening) throws(IllegalHappening) {
        apply(try decide(run, happening, now: now, jitter: jitter))
    }

    private mutating func apply(_ decided: [RunEvent]) {
        for event in decided { run.evolve(event, at: now) }
        events += decided
        decisions.append(decided.map(word).joined(separator: " "))
    }

    private mutating func step(_ word: String) throws {
        if word.hasPrefix("!") {
            let before = (run.steps, run.status, run.lastSequence)
            let happening = try happening(String(word.dropFirst()))
            #expect(throws: IllegalHappening.self, "\(word) after \(trace)") {
                _ = try decide(run, happening, now: now, jitter: jitter)
            }
            #expect(before == (run.steps, run.status, run.lastSequence))
        } else if word.hasPrefix("+") {
            now += try #require(Duration(String(word.dropFirst())))
        } else {
            if word == "go" { now = max(now, try #require(run.wakeAt, "nothing to wait for after \(trace)")) }
            if word == "late" { now = max(now, try #require(run.deadlineAt)) }
            try happen(try happening(word))
        }
    }

    private func happening(_ word: String) throws -> Happening {
        switch word {
        case "go", "now", "late": return .woke
        case "takeover": return .tookOver
        case "cancel": return .cancel(by: "me", reason: nil)
        case "poison": return .poison(Failure(kind: "quarantined", message: "poison"))
        default: break
        }
        if word == "pause" || word == "hold" {
            return .pause(by: "ops", reason: nil, holdsDeadline: word == "hold")
        }
        if word == "resume" { return .resume(by: "ops", reason: nil) }
        if word.hasPrefix("signal:") {
            let parts = word.dropFirst(7).split(separator: "#")
            let said = parts[0].split(separator: "/")
            return .signal(
                ReceivedSignal(
                    name: String(said[0]), payload: ["ok": .bool(said.count == 1)], by: "ann",
                    key: parts.count == 2 ? String(parts[1]) : nil))
        }
        if word == "undo" { return .undo(by: "me", reason: "No more.") }
        for settlement in Settlement.allCases where word.hasPrefix("\(settlement.rawValue):") {
            let step = try index(word.dropFirst(settlement.rawValue.count + 1))
            return .settle(step: step, settlement, output: ["by": "hand"], by: "ops", reason: "By hand.")
        }
        if word == "retry" { return .retry(step: nil, by: "ops", reason: "mended") }
        if word.hasPrefix("resolve:") {
            let steps = try word.dropFirst(8).split(separator: ",").map { try self.index($0) }
            return .resolve(steps: steps, by: "ops", reason: "by hand")
        }
        if word.hasPrefix("retry:") { return .retry(step: try index(word.dropFirst(6)), by: "ops") }
        if word.contains("<") { return try callback(word) }
        if word.contains("?") { return try look(word) }
        if word.contains(">") { return try childEnd(word) }
        let sides = word.split(separator: "=")
        let action: CallAction = word.hasPrefix("-") ? .compensate : .execute
        let name = (action == .compensate ? sides[0].dropFirst() : sides[0]).split(separator: "#")
        let index = try index(name[0])
        let inFlight = run.steps[index].callInFlight?.attempt ?? 1
        let attempt = name.count == 2 ? try #require(Int(name[1])) : inFlight
        var result = try result(String(sides[1]))
        if result.isAccepted, let poll = run.stepDefinition(index).call(of: action)?.completion?.poll {
            let asked = sides[1].split(separator: "/")
            let first = asked.count == 2 ? Duration(String(asked[1])) : nil
            result.poll = PollStart(path: "/jobs/1", firstLook: max(poll.every, first ?? .zero))
        }
        return .finished(step: index, action: action, attempt: attempt, result)
    }

    private func look(_ word: String) throws -> Happening {
        let sides = word.split(separator: "?")
        let action: CallAction = word.hasPrefix("-") ? .compensate : .execute
        let name = (action == .compensate ? sides[0].dropFirst() : sides[0]).split(separator: "#")
        let index = try index(name[0])
        let open = run.steps[index].openAttempt?.attempt ?? 1
        let attempt = name.count == 2 ? try #require(Int(name[1])) : open
        let parts = sides[1].split(separator: "/")
        let retryAfter = parts.count == 2 ? Duration(String(parts[1])) : nil
        var result: CallResult
        switch parts[0] {
        case "work":
            result = CallResult(outcome: .succeeded, httpStatus: 200, retryAfter: retryAfter)
            result.isAccepted = true
        case "down": result = CallResult(outcome: .notSent, failure: Failure(kind: "notSent", message: "Down."))
        case "429":
            result = CallResult(
                outcome: .busy, httpStatus: 429, failure: Failure(kind: "busy", message: "Later.", response: "Later."),
                retryAfter: retryAfter)
        case "ok": result = CallResult(outcome: .succeeded, httpStatus: 200, output: ["n": 1])
        case "no": result = CallResult(outcome: .rejected, httpStatus: 200)
        case "gone": result = CallResult(outcome: .unknown, httpStatus: 410)
        default: throw UnknownWord(word: word)
        }
        if ["ok", "no", "gone"].contains(parts[0]) { result.isVerdict = true }
        return .looked(step: index, action: action, attempt: attempt, result)
    }

    private func childEnd(_ word: String) throws -> Happening {
        let sides = word.split(separator: ">")
        let index = try index(sides[0])
        let runID = run.steps[index].child?.runID ?? RunID(high: 9, low: 9)
        let failure = Failure(kind: "rejected", message: "No.")
        let end =
            switch sides[1] {
            case "ok": ChildEnd(runID: runID, status: .completed, output: ["n": 1])
            case "final": ChildEnd(runID: runID, status: .completed, output: ["n": 1], isFinal: true)
            case "huge": ChildEnd(runID: runID, status: .completed, outputBytes: 1_000_000)
            case "undone": ChildEnd(runID: runID, status: .compensated, error: failure)
            case "cancelled": ChildEnd(runID: runID, status: .cancelled, error: failure)
            case "other": ChildEnd(runID: RunID(high: 9, low: 8), status: .completed, output: 1)
            default: throw UnknownWord(word: word)
            }
        return .childEnded(step: index, end)
    }

    private func callback(_ word: String) throws -> Happening {
        let sides = word.split(separator: "<")
        let action: CallAction = word.hasPrefix("-") ? .compensate : .execute
        let index = try index(action == .compensate ? sides[0].dropFirst() : sides[0])
        let parts = sides[1].split(separator: "/")
        let (said, attempt) = (String(sides[1]), parts.count == 2 ? Int(parts[1]) : nil)
        switch parts[0].split(separator: "#")[0] {
        case "beat": return .beat(step: index, action)
        case "ok":
            return .calledBack(
                step: index, action, Callback(outcome: .succeeded, output: ["n": 1], error: nil, digest: said))
        case "no":
            return .calledBack(
                step: index, action, Callback(outcome: .rejected, output: nil, error: "No.", digest: said))
        case "failed":
            return .calledBack(
                step: index, action, Callback(outcome: .failed, output: nil, error: nil, attempt: attempt, digest: said)
            )
        default: throw UnknownWord(word: word)
        }
    }

    private func index(_ id: Substring) throws -> Int {
        try #require(run.number(of: String(id)), "no step \(id)")
    }

    private func result(_ word: String) throws -> CallResult {
        let parts = word.split(separator: "/")
        switch parts[0] {
        case "ok": return CallResult(outcome: .succeeded, httpStatus: 200, output: ["n": 1])
        case "202":
            var result = CallResult(outcome: .succeeded, httpStatus: 202)
            result.isAccepted = true
            return result
        case "no": return CallResult(outcome: .rejected, httpStatus: 422)
        case "what": return CallResult(outcome: .unknown)
        case "down": return CallResult(outcome: .notSent)
        case "408": return CallResult(outcome: .busy, httpStatus: 408)
        case "busy":
            let retryAfter = parts.count == 2 ? Duration(String(parts[1])) : nil
            return CallResult(outcome: .busy, httpStatus: 429, retryAfter: retryAfter)
        default: throw UnknownWord(word: word)
        }
    }

    struct UnknownWord: Error {
        let word: String
    }
}

extension Play {
    func word(_ event: RunEvent) -> String {
        switch event {
        case .runStarted(let due): "due(\(ids(due)))"
        case .attemptStarted(let step, let action, let attempt): "\(call(step, action))#\(attempt)"
        case .attemptSucceeded(let step, let action, _, _, _): "\(call(step, action))=succeeded"
        case .attemptFailed(let step, let action, _, let report, _, let retryIn):
            "\(call(step, action))=\(report.outcome.rawValue)"
                + (retryIn.map { "+\($0.microseconds / 1000)ms" } ?? "")
        case .attemptAccepted(let step, let action, _, _, _, _, _): "\(call(step, action))=accepted"
        case .attemptLooked(let step, let action, let failure, let lookIn):
            "\(call(step, action))?\(failure?.kind ?? "work")" + (lookIn.map { "+\($0.microseconds / 1000)ms" } ?? "")
        case .callbackReceived(let step, let action, let callback): "\(call(step, action))<\(callback.outcome.rawValue)"
        case .attemptHeartbeat(let step, _): "beat(\(ids([step])))"
        case .stepSkipped(let step): "skip(\(ids([step])))"
        case .waitStarted(let step, let until): "wait(\(ids([step]))+\((until - now).microseconds / 1000)ms)"
        case .awaitStarted(let step, let until):
            "await(\(ids([step]))\(until.map { "+\(($0 - now).microseconds / 1000)ms" } ?? ""))"
        case .signalReceived(let signal): "signal(\(signal.name))"
        case .signalTaken(let step, _): "take(\(ids([step])))"
        case .elementsStarted(let step, let count, _): "list(\(ids([step]))*\(count))"
        case .elementsEnded(let step): "listed(\(ids([step])))"
        case .parentLinked: "child"
        case .childStarted(let step, let child, let until):
            "run(\(ids([step])):\(child.workflow)\(until.map { "+\(($0 - now).microseconds / 1000)ms" } ?? ""))"
        case .childCancelRequested(let step, let failure): "cancel(\(ids([step]))\(failure == nil ? "" : "!"))"
        case .childEnded(let step, let end):
            "\(ids([step])):\(end.status.rawValue.lowercased())\(end.error.map { "(\($0.kind))" } ?? "")"
        case .childUndoRequested(let step): "undo:\(ids([step]))"
        case .childUndoFailed(let step, _): "undo:\(ids([step]))!"
        case .endCallsStarted: "then"
        case .stepSucceeded(let step, _): "\(ids([step]))=done"
        case .stepFailed(let step, let failure): "\(ids([step]))=\(failure.kind)"
        case .stepUndoing(let step): "undo!(\(ids([step])))"
        case .stepAbandoned(let step): "drop(\(ids([step])))"
        case .cancelRequested: "cancel"
        case .deadlineExceeded: "deadline"
        case .runCompensating(let steps, let uncompensated):
            "undo(\(ids(steps))" + (uncompensated.isEmpty ? "" : "|\(ids(uncompensated))") + ")"
        case .runCompleted: "COMPLETED"
        case .runCompensated: "COMPENSATED"
        case .runCancelled: "CANCELLED"
        case .runFailed: "FAILED"
        case .retryRequested(let step, _, _): step.map { "retry(\(ids([$0])))" } ?? "retry"
        case .stepResolved(let step, _, _): "resolve(\(ids([step])))"
        case .runQuarantined: "QUARANTINED"
        case .cancelRefused: "cancel!"
        case .stepSettled(let step, let settlement, _, _, _): "\(settlement.rawValue)(\(ids([step])))"
        case .runDelayed(let until): "delay(\((until - now).microseconds / 1000)ms)"
        case .runPaused: "pause"
        case .runResumed(_, _, let held): held > .zero ? "resume(\(held.microseconds / 1000)ms)" : "resume"
        case .undoRequested: "undo"
        case .deadlineMissed: "missed"
        case .restartedFrom: "anew"
        case .stepKept(let kept): "keep(\(ids([kept.step])))"
        case .restartedAs(_, let steps, _, _): "handOver(\(ids(steps)))"
        }
    }

    private func ids(_ steps: [Int]) -> String {
        steps.map { run.stepID($0) }.joined(separator: ",")
    }

    private func call(_ step: Int, _ action: CallAction) -> String {
        (action == .compensate ? "-" : "") + ids([step])
    }
}

/// One row of a table of cases: play the script on a run of the flow, and exactly this is decided.
struct Case: Sendable, CustomTestStringConvertible {
    let risk: String
    let flow: String
    let script: String
    let trace: String
    let timeout: String?

    init(_ risk: String, _ flow: String, timeout: String? = nil, script: String, trace: String) {
        self.risk = risk
        self.flow = flow
        self.timeout = timeout
        self.script = script
        self.trace = trace
    }

    var testDescription: String { risk }

    @discardableResult
    func check(sourceLocation: SourceLocation = #_sourceLocation) throws -> Play {
        var play = try Play(Flow(flow, timeout: timeout))
        try play.script(script)
        #expect(play.trace == trace, sourceLocation: sourceLocation)
        return play
    }
}
