import Core
import Storage

/// Runs as the API shows them.
enum RunJSON {
    /// A run with its steps: `{run, steps}`.
    static func run(_ run: RunRow, _ steps: [StepRow]) -> JSON {
        var object = summary(run)
        object["waitingFor"] = waitingFor(run, steps)
        return ["run": .object(object), "steps": .array(steps.map(step))]
    }

    /// A run as lists show it.
    static func summary(_ run: RunRow) -> JSONObject {
        var object = JSONObject()
        let id = run.runID.description
        object["runId"] = .string(id)
        object["workflowName"] = .string(run.workflowName)
        object["workflowVersion"] = .string(run.workflowVersion)
        object["status"] = .string(run.status.rawValue)
        object["cause"] = JSON(run.cause?.rawValue)
        object["error"] = run.error ?? .null
        object["input"] = run.input
        object["output"] = run.output ?? .null
        object["context"] = run.context
        object["correlationId"] = .string(run.correlationID ?? id)
        object["createdAt"] = time(run.createdAt)
        object["updatedAt"] = time(run.updatedAt)
        object["completedAt"] = time(run.completedAt)
        object["deadlineAt"] = time(run.deadlineAt)
        return object
    }

    /// What a run that does not move waits for: the earliest retry, or a person.
    private static func waitingFor(_ run: RunRow, _ steps: [StepRow]) -> JSON {
        if run.status == .failed {
            let reason = run.isQuarantined ? "the run was quarantined" : "a compensation gave up"
            return ["kind": "operator", "reason": .string(reason)]
        }
        guard !run.status.isTerminal else { return .null }
        let waiting = steps.filter { $0.step.isWaitingForRetry }
        let earliest = waiting.min {
            ($0.step.nextAttemptAt ?? .distantFuture) < ($1.step.nextAttemptAt ?? .distantFuture)
        }
        guard let earliest else { return .null }
        return [
            "kind": "retry", "stepId": .string(earliest.stepID),
            "action": .string(earliest.step.waitingAction.rawValue), "until": time(earliest.step.nextAttemptAt),
        ]
    }

    private static func step(_ row: StepRow) -> JSON {
        let step = row.step
        var object = JSONObject()
        object["stepId"] = .string(row.stepID)
        object["status"] = .string(step.status.rawValue)
        object["attempts"] = JSON(step.attempts)
        object["compensationStatus"] = .string(step.compensationStatus.rawValue)
        object["compensationAttempts"] = JSON(step.compensationAttempts)
        object["output"] = step.output ?? .null
        object["error"] = step.error?.json ?? .null
        object["startedAt"] = time(step.startedAt)
        object["completedAt"] = time(step.completedAt)
        object["nextAttemptAt"] = time(step.nextAttemptAt)
        return .object(object)
    }

    /// RFC 3339 in UTC, or null.
    static func time(_ instant: Instant?) -> JSON { JSON(instant?.description) }
}

extension Step {
    /// It waits for its backoff, not for its first turn.
    var isWaitingForRetry: Bool {
        nextAttemptAt != nil && (waitingAction == .execute ? attempts : compensationAttempts) > 0
    }
}

extension Instant {
    fileprivate static let distantFuture = Instant(microseconds: .max)
}
