import Core
import Simulation

/// A run lived through with the decider itself, and its history as it would be stored: what graphs and timelines are
/// drawn of.
struct Life {
    /// What a call comes to: `ok`, `no`, `what` (unknown), `down` (not sent), `busy`, `202` (accepted), `lost` (its
    /// engine dies).
    typealias Answer = (word: String, milliseconds: Int)

    private(set) var run: Run
    private(set) var events: [StoredEvent] = []
    private(set) var now = Instant(microseconds: 1_790_824_320_250_000)
    /// By the step's id (`-` before it for its compensation), one after the other; a call that is not here succeeds.
    private var answers: [String: [Answer]]
    /// Where answers are by chance.
    private var random: SeededGenerator?
    private var ends: [Command.Call: (answer: Answer, at: Instant)] = [:]
    private var engine: UInt64 = 0xA1

    init(
        _ definition: WorkflowDefinition, input: JSON = [:], answers: [String: [Answer]] = [:],
        random: SeededGenerator? = nil
    ) {
        run = Run(
            id: RunID(high: 0x019A_0000_0000_7000, low: 0x8000_0000_0000_0002), definition: definition, input: input,
            context: [:], createdAt: now)
        self.answers = answers
        self.random = random
        apply(start(run, now: now))
    }

    /// Goes on until nothing happens any more by itself, or so often.
    ///
    /// - Parameter stop: an answer after which it stops, as in `pay=no`.
    mutating func go(until stop: String? = nil, most: Int = 4000) {
        // Whoever claims a run asks at once what is to be done.
        if most > 0, run.lastSequence <= 1 { happen(.woke) }
        for _ in 0..<most where !run.status.isTerminal {
            guard let said = next() else { return }
            if said == stop { return }
        }
    }

    /// The next thing that happens: what it was; nil where nothing does.
    private mutating func next() -> String? {
        let calls = run.nextCommands(at: now).compactMap { command -> Command.Call? in
            guard case .call(let call) = command else { return nil }
            return call
        }
        for call in calls where ends[call] == nil {
            let answer = answer(to: call)
            ends[call] = (answer, now + .milliseconds(answer.milliseconds))
        }
        let first = calls.min { left, right in
            guard let one = ends[left], let other = ends[right] else { return false }
            return (one.at, left.step) < (other.at, right.step)
        }
        if let first, let end = ends[first], end.at <= run.wakeAt ?? end.at {
            now = max(now, end.at)
            ends[first] = nil
            if end.answer.word == "lost" {
                engine += 1
                now += .seconds(9)
                ends = [:]
                happen(.tookOver)
            } else {
                happen(
                    .finished(step: first.step, action: first.action, attempt: first.attempt, result(end.answer, first))
                )
            }
            return "\(name(of: first))=\(end.answer.word)"
        }
        guard let wakeAt = run.wakeAt else { return nil }
        now = max(now, wakeAt)
        happen(.woke)
        return "woke"
    }

    /// Lets time pass.
    mutating func wait(_ duration: Duration) { now += duration }

    mutating func happen(_ happening: Happening) {
        guard let decided = try? decide(run, happening, now: now, jitter: 0.5) else { return }
        apply(decided)
    }

    mutating func endChild(_ step: String, _ status: RunStatus = .completed) {
        guard let number = run.number(of: step), let child = run.steps[number].child else { return }
        happen(.childEnded(step: number, ChildEnd(runID: child.runID, status: status, output: ["n": 1])))
    }

    private mutating func apply(_ decided: [RunEvent]) {
        for event in decided {
            run.evolve(event, at: now)
            events.append(
                StoredEvent(
                    event, of: run.numbering, sequence: run.lastSequence, at: now,
                    engineID: EngineID(high: 0x019A_0000_0000_7000, low: engine), epoch: Int64(engine - 0xA0)))
        }
    }

    private func name(of call: Command.Call) -> String {
        (call.action == .compensate ? "-" : "") + run.stepID(call.step)
    }

    private mutating func answer(to call: Command.Call) -> Answer {
        let name = name(of: call)
        let key =
            answers[name] == nil ? (call.action == .compensate ? "-" : "") + StepID.step(run.stepID(call.step)) : name
        if var words = answers[key], !words.isEmpty {
            let answer = words.removeFirst()
            answers[key] = words
            return answer
        }
        guard var random else { return ("ok", 40 + run.stepID(call.step).utf8.count * 7 % 60) }
        defer { self.random = random }
        let words = ["ok", "ok", "ok", "ok", "what", "no", "down", "busy", "202", "lost"]
        return (words.randomElement(using: &random) ?? "ok", Int.random(in: 0...4000, using: &random))
    }

    private func result(_ answer: Answer, _ call: Command.Call) -> CallResult {
        let took = Duration.milliseconds(answer.milliseconds)
        func failed(_ outcome: Outcome, _ status: Int?) -> CallResult {
            CallResult(
                outcome: outcome, httpStatus: status, duration: took,
                failure: Failure(kind: outcome.rawValue, message: "It said so.", httpStatus: status))
        }
        switch answer.word {
        case "no": return failed(.rejected, 422)
        case "what": return failed(.unknown, 503)
        case "down": return failed(.notSent, nil)
        case "busy": return failed(.busy, 429)
        case "202" where run.definition(of: call).completion != nil:
            var result = CallResult(outcome: .succeeded, httpStatus: 202, duration: took)
            result.isAccepted = true
            return result
        default: return CallResult(outcome: .succeeded, httpStatus: 200, duration: took, output: ["n": 1])
        }
    }
}
