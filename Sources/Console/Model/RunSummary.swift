package import Core

/// A run as lists show it: read from what the API answers about it.
package struct RunSummary: Sendable, Hashable {
    package let id: String
    package let workflow: String
    package let version: String
    package let status: String
    package let cause: String?
    package let error: Problem?
    package let wait: Wait?
    package let correlationID: String
    package let parent: Link?
    package let restartedFrom: Link?
    package let restartedAs: String?
    package let endCalls: [Link]
    package let createdAt: Instant?
    package let updatedAt: Instant?
    package let completedAt: Instant?
    package let deadlineAt: Instant?
    /// Of the trace in which it was started.
    package let traceID: String?

    /// Another run, with a word about it: a step, or how it stands.
    package struct Link: Sendable, Hashable {
        package let id: String
        package let note: String?
    }

    /// What went wrong, as far as whoever reads may see it.
    package struct Problem: Sendable, Hashable {
        package let kind: String
        package let message: String?
        package let httpStatus: Int?
        package let stepID: String?
        package let response: JSON?
        /// What had gone wrong before that, in words.
        package let before: String?
        package let beforeStep: String?

        package init?(_ json: JSON?) {
            guard let json, let kind = json["kind"]?.string else { return nil }
            self.kind = kind
            message = json["message"]?.string
            httpStatus = json["httpStatus"]?.int
            stepID = json["stepId"]?.string
            response = json["response"]
            before = json["before"]?["message"]?.string
            beforeStep = json["before"]?["stepId"]?.string
        }

        /// Something about it in any case.
        var text: String { message ?? kind }
    }

    /// Nil for what is no run.
    package init?(_ json: JSON?) {
        guard let json, let id = json["runId"]?.string, let workflow = json["workflowName"]?.string,
            let version = json["workflowVersion"]?.string, let status = json["status"]?.string
        else { return nil }
        self.id = id
        self.workflow = workflow
        self.version = version
        self.status = status
        cause = json["cause"]?.string
        error = Problem(json["error"])
        wait = Wait(json["waitingFor"])
        correlationID = json["correlationId"]?.string ?? id
        func link(_ json: JSON?, _ note: String) -> Link? {
            json?["runId"]?.string.map { Link(id: $0, note: json?[note]?.string) }
        }
        parent = link(json["parent"], "stepId")
        restartedFrom = link(json["restartedFrom"], "fromStep")
        restartedAs = json["restartedAs"]?.string
        endCalls = json["onEnd"]?.array?.compactMap { link($0, "status") } ?? []
        func time(_ name: String) -> Instant? { json[name]?.string.flatMap { Instant($0) } }
        createdAt = time("createdAt")
        updatedAt = time("updatedAt")
        completedAt = time("completedAt")
        deadlineAt = time("deadlineAt")
        traceID = json["traceId"]?.string
    }

    /// Nothing happens in it without a person.
    package var isOver: Bool { RunStatus(rawValue: status)?.isTerminal ?? false }
    package var isPaused: Bool { wait?.kind == "paused" }
    package var isQuarantined: Bool { error?.kind == "quarantined" }
}

/// What a run waits for, as the API tells it: see the table in docs/api.md.
package struct Wait: Sendable, Hashable {
    package let kind: String
    package let stepID: String?
    package let action: String?
    package let participant: String?
    package let until: Instant?
    package let since: Instant?
    package let reason: String?
    package let by: String?
    /// Of a signal.
    package let name: String?
    /// A child.
    package let runID: String?
    package let workflow: String?
    package let status: String?
    package let engine: String?
    package let liveEngines: Int?
    package let nextLook: Instant?
    package let failedLooks: Int
    package let lacks: String?
    package let holdsUp: String?
    package let queued: Int
    package let waitingForBreaker: Int
    package let isParticipantPaused: Bool
    package let isOverdue: Bool

    package init?(_ json: JSON?) {
        guard let json, let kind = json["kind"]?.string else { return nil }
        func text(_ name: String) -> String? { json[name]?.string }
        func time(_ name: String) -> Instant? { text(name).flatMap { Instant($0) } }
        self.kind = kind
        stepID = text("stepId")
        action = text("action")
        participant = text("participant")
        (until, since) = (time("until"), time("since"))
        (reason, by, name) = (text("reason"), text("by"), text("name"))
        (runID, workflow, status) = (text("runId"), text("workflow"), text("status"))
        engine = text("engine")
        liveEngines = json["liveEngines"]?.int
        nextLook = time("nextLook")
        failedLooks = json["failedLooks"]?.int ?? 0
        lacks = text("lacks")
        holdsUp = text("holdsUp")
        queued = json["queued"]?.int ?? 0
        waitingForBreaker = json["waitingForBreaker"]?.int ?? 0
        isParticipantPaused = json["participantPaused"]?.bool ?? false
        isOverdue = json["isOverdue"]?.bool ?? false
    }

    var isCompensation: Bool { action == "compensate" }
}
