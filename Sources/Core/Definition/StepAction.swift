/// What a step does. Whoever looks into it is asked again by the compiler when there are more kinds.
package enum StepAction: Sendable {
    /// It calls a participant.
    case call(CallDefinition)
    /// It lets time pass.
    case wait(WaitDefinition)
    /// It waits for a signal from outside.
    case signal(AwaitDefinition)
    /// It starts another run, and waits for its end.
    case run(ChildDefinition)
    /// It ends the run.
    case end(EndDefinition)

    /// The call it makes; nil when it makes none.
    package var call: CallDefinition? {
        switch self {
        case .call(let call): call
        case .wait, .signal, .run, .end: nil
        }
    }

    package var kind: StepKind {
        switch self {
        case .call: .action
        case .wait: .wait
        case .signal: .awaiting
        case .run: .run
        case .end: .end
        }
    }

    /// What it names, with where below the step.
    package var uses: [ReferenceUse] {
        switch self {
        case .call: []
        case .wait(let wait): wait.uses
        case .signal(let signal): signal.uses
        case .run(let child): child.uses
        case .end(let end): end.uses
        }
    }
}

/// The kinds of steps, as the member that makes a step one of them is called.
package enum StepKind: String, Sendable, Hashable, CaseIterable {
    case action, wait
    case awaiting = "await"
    case run, end
}

/// `{"for": DURATION}` or `{"until": TIME}`: a timer that outlives every process.
package struct WaitDefinition: Sendable {
    package enum Length: String, Sendable, Hashable {
        /// So long from its begin: `250ms`, `10s`, `5m`, `1h`, `2d`.
        case duration = "for"
        /// Until then: RFC 3339.
        case time = "until"
    }

    package let length: Length
    package let text: TextTemplate

    /// The longest wait there is, from its begin.
    package static let longest: Duration = .seconds(366 * 86_400)

    /// When it is over; what is past is over at once.
    ///
    /// - Throws: why that can't be told for this run.
    package func end(of run: Run, step: Int, now: Instant) throws(Failure) -> Instant {
        let pointer = JSONPointer(["steps", String(run.base(of: step)), "wait", length.rawValue])
        func refusal(_ reason: String) -> Failure {
            Failure(kind: Failure.waitKind, message: "The wait can't be begun: \(reason)", pointer: pointer.description)
        }
        let text: String
        do throws(TemplateError) { text = try self.text.render(StepScope(run: run, step: step)) } catch {
            let place = error.below(pointer)
            throw Failure(
                kind: Failure.templateKind, message: "The wait can't be begun: \(place)",
                pointer: place.pointer.description)
        }
        let end: Instant
        switch length {
        case .duration:
            guard let duration = Duration(text) else {
                throw refusal("\"\(text.prefix(100))\" is no duration, as in \"10s\".")
            }
            end = now + duration
        case .time:
            guard let time = Instant(text) else {
                throw refusal("\"\(text.prefix(100))\" is no time as RFC 3339 has it, as in \"2030-01-31T12:00:00Z\".")
            }
            end = time
        }
        guard end <= now + Self.longest else {
            throw refusal("it is longer than \(DurationText.format(Self.longest)).")
        }
        return end
    }

    var uses: [ReferenceUse] {
        text.uses(at: JSONPointer(["wait", length.rawValue]))
    }
}

/// `{"signal": NAME, "where"?}` with the step's `timeout`: waits until somebody sends the run that signal.
package struct AwaitDefinition: Sendable {
    /// `[a-z0-9][a-z0-9_-]{0,62}`
    package let signal: String
    /// Which of the signals of this name it takes: JsonLogic over `payload` and the usual roots; nil for the first that comes.
    package let condition: Condition?
    /// It fails when none has come for so long; nil: it waits for as long as its run lives.
    package let timeout: Duration?

    /// How long it may be told to wait.
    package static let timeouts: ClosedRange<Duration> = .seconds(1) ... .seconds(366 * 86_400)

    var uses: [ReferenceUse] {
        (condition?.uses ?? []).map { $0.below(JSONPointer(["await", "where"])) }
    }
}

/// `{"as": "completed" | "failed", "output"?, "reason"?}`: ends the run before all its steps are done.
package struct EndDefinition: Sendable {
    package enum Result: String, Sendable, Hashable, CaseIterable {
        /// What has not begun is skipped, what has goes on to its end; then the run is COMPLETED.
        case completed
        /// A failure, which is compensated.
        case failed
    }

    package let result: Result
    /// Of a run that completes: its output, instead of the workflow's.
    package let output: Template?
    /// Of a run that fails: the message of its error.
    package let reason: TextTemplate?

    /// The error of a run that it fails.
    func failure(of run: Run, step: Int) -> Failure {
        let message: String
        do { message = try reason?.render(run) ?? "The step \(run.stepID(step)) ended the run." } catch {
            message = "The step \(run.stepID(step)) ended the run; its reason can't be told: \(error)"
        }
        return Failure(kind: Failure.endedKind, message: message)
    }

    var uses: [ReferenceUse] {
        let pointer = JSONPointer(["end"])
        return (output?.uses ?? []).map { $0.below(pointer.appending("output")) }
            + (reason?.uses(at: pointer.appending("reason")) ?? [])
    }
}
