package import Core

/// A step of a run, or an element of one, as the API tells of it.
package struct StepView: Sendable, Hashable {
    package let id: String
    package let kind: String?
    package let status: String
    package let attempts: Int
    package let compensationStatus: String
    package let compensationAttempts: Int
    package let engine: String?
    package let startedAt: Instant?
    package let completedAt: Instant?
    package let nextAttemptAt: Instant?
    package let child: Child?
    package let output: JSON?
    package let error: RunSummary.Problem?
    /// The participant works on the attempt that is open.
    package let isAccepted: Bool
    /// An attempt ended without a usable answer: the effect may exist.
    package let isOutcomeUnknown: Bool
    package let isCompensationOutcomeUnknown: Bool
    /// Another run did it.
    package let isKept: Bool
    package let awaitsOperator: Bool
    /// Nil for a step without a list.
    package let elements: [StepView]?

    package struct Child: Sendable, Hashable {
        package let id: String
        package let workflow: String?
        package let status: String?
    }

    package init?(_ json: JSON) {
        guard let id = json["stepId"]?.string, let status = json["status"]?.string else { return nil }
        self.id = id
        self.status = status
        kind = json["kind"]?.string
        attempts = json["attempts"]?.int ?? 0
        compensationStatus = json["compensationStatus"]?.string ?? "NOT_REQUIRED"
        compensationAttempts = json["compensationAttempts"]?.int ?? 0
        engine = json["engine"]?.string
        func time(_ name: String) -> Instant? { json[name]?.string.flatMap { Instant($0) } }
        startedAt = time("startedAt")
        completedAt = time("completedAt")
        nextAttemptAt = time("nextAttemptAt")
        child = json["child"]?["runId"]?.string.map {
            Child(id: $0, workflow: json["child"]?["workflow"]?.string, status: json["child"]?["status"]?.string)
        }
        output = json["output"].flatMap { $0.isNull ? nil : $0 }
        error = RunSummary.Problem(json["error"])
        isAccepted = json["accepted"]?.bool ?? false
        isOutcomeUnknown = json["outcomeUnknown"]?.bool ?? false
        isCompensationOutcomeUnknown = json["compensationOutcomeUnknown"]?.bool ?? false
        isKept = json["kept"]?.bool ?? false
        awaitsOperator = json["awaitsOperator"]?.bool ?? false
        elements = json["elements"]?.array?.compactMap { StepView($0) }
    }

    /// It is to be undone, or was.
    var isBackward: Bool { compensationStatus != "NOT_REQUIRED" }
}

/// One event of a run's history, as the API tells of it.
package struct EventView: Sendable, Hashable {
    package let sequence: Int
    package let at: Instant?
    package let kind: String
    package let stepID: String?
    package let action: String?
    package let attempt: Int?
    package let outcome: String?
    package let httpStatus: Int?
    package let duration: Duration?
    package let retryIn: Duration?
    package let error: RunSummary.Problem?
    package let engine: String?
    package let data: JSON?

    package init?(_ json: JSON) {
        guard let sequence = json["seq"]?.int, let kind = json["kind"]?.string else { return nil }
        self.sequence = sequence
        self.kind = kind
        at = json["at"]?.string.flatMap { Instant($0) }
        stepID = json["stepId"]?.string
        action = json["action"]?.string
        attempt = json["attempt"]?.int
        outcome = json["outcome"]?.string
        httpStatus = json["httpStatus"]?.int
        duration = json["durationMs"]?.double.map { .microseconds(Int64($0 * 1000)) }
        retryIn = json["retryInMs"]?.double.map { .microseconds(Int64($0 * 1000)) }
        error = RunSummary.Problem(json["error"])
        engine = json["engine"]?.string
        data = json["data"].flatMap { $0.isNull ? nil : $0 }
    }
}

/// One run with all that its page shows.
package struct RunView: Sendable {
    package let run: RunSummary
    package let steps: [StepView]
    package let input: JSON?
    package let output: JSON?
    package let context: JSON?
    /// Nil where it can't be read, or whoever reads may not see it.
    package var definition: WorkflowDefinition?
    /// Nil where it was not asked for.
    package var possible: PossibleActions?
    package var events: [EventView] = []
    /// The events begin after this one.
    package var after = 0
    /// There are more events after the last.
    package var nextAfter: Int?
    /// Earlier ones were left out.
    package var hasEarlier = false
    /// From the first event on, for the timeline: all of them, as far as there are not too many.
    package var history: [TimelineEvent] = []
    /// The last of them.
    package var historyEnd = 0
    package var hasMoreHistory = false
    /// What goes on is drawn until then.
    package var now: Instant?
    /// Where else something of it is to be seen.
    package var links = RunLinks()

    /// - Parameter json: `{run, steps}`, as the API answers it.
    package init?(_ json: JSON) {
        guard let run = RunSummary(json["run"]) else { return nil }
        self.run = run
        steps = json["steps"]?.array?.compactMap { StepView($0) } ?? []
        func payload(_ name: String) -> JSON? { json["run"]?[name].flatMap { $0.isNull ? nil : $0 } }
        input = payload("input")
        output = payload("output")
        context = payload("context")
    }

    /// The last event that the page shows, or knows of.
    var lastSequence: Int { max(events.last?.sequence ?? 0, historyEnd) }

    /// Steps, and elements of steps, one after the other.
    package var allSteps: [StepView] { steps.flatMap { [$0] + ($0.elements ?? []) } }
}
