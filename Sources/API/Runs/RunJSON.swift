import Core
import Storage

/// Runs as the API shows them.
enum RunJSON {
    /// A run with its steps: `{run, steps}`.
    ///
    /// - Parameter definition: nil where it can't be read; then the kinds of steps are not told.
    static func run(
        _ run: ShownRun, _ steps: [ShownStep], of definition: WorkflowDefinition?, waitingFor: JSON?
    ) -> JSONText {
        var text = JSONText()
        text.write("{\"run\":")
        write(run, waitingFor, to: &text)
        text.write(",\"steps\":[")
        for (place, step) in steps.enumerated() {
            if place > 0 { text.write(",") }
            let kind = definition.flatMap {
                $0.steps.indices.contains(step.index) ? $0.steps[step.index].action.kind : nil
            }
            write(step, kind, to: &text)
        }
        text.write("]}")
        return text
    }

    /// A run with its payloads, as lists show it when they are asked to.
    static func whole(_ run: ShownRun, waitingFor: JSON?) -> [UInt8] {
        var text = JSONText()
        write(run, waitingFor, to: &text)
        return text.whole ?? []
    }

    /// A run as lists show it.
    static func summary(_ run: RunHead, waitingFor: JSON?) -> JSONObject {
        var object = JSONObject()
        let id = run.runID.description
        object["runId"] = .string(id)
        object["workflowName"] = .string(run.workflowName)
        object["workflowVersion"] = .string(run.workflowVersion)
        object["status"] = .string(run.statusText)
        object["cause"] = JSON(run.causeText)
        object["error"] = run.error ?? .null
        object["waitingFor"] = waitingFor ?? .null
        object["correlationId"] = .string(run.correlationID ?? id)
        object["createdAt"] = time(run.createdAt)
        object["updatedAt"] = time(run.updatedAt)
        object["completedAt"] = time(run.completedAt)
        object["deadlineAt"] = time(run.deadlineAt)
        return object
    }

    private static func write(_ run: ShownRun, _ waitingFor: JSON?, to text: inout JSONText) {
        var object = summary(run.head, waitingFor: waitingFor)
        object["error"] = nil
        text.begin(object)
        text.member("error", run.error, of: .error)
        text.member("input", run.input, of: .input)
        text.member("output", run.output, of: .output)
        text.member("context", run.context, of: .context)
        text.end()
    }

    private static func write(_ step: ShownStep, _ kind: StepKind?, to text: inout JSONText) {
        var object = JSONObject()
        object["stepId"] = .string(step.stepID)
        object["kind"] = JSON(kind?.rawValue)
        object["status"] = .string(step.status)
        object["attempts"] = JSON(step.attempts)
        object["compensationStatus"] = .string(step.compensationStatus)
        object["compensationAttempts"] = JSON(step.compensationAttempts)
        object["engine"] = JSON(step.engineID?.description)
        object["startedAt"] = time(step.startedAt)
        object["completedAt"] = time(step.completedAt)
        object["nextAttemptAt"] = time(step.nextAttemptAt)
        text.begin(object)
        text.member("output", step.output, of: .stepOutput(step.index))
        text.member("error", step.error, of: .stepError(step.index))
        text.end()
    }

    /// RFC 3339 in UTC, or null.
    static func time(_ instant: Instant?) -> JSON { JSON(instant?.description) }
}
