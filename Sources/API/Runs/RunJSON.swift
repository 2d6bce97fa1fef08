import Core
import Storage
import Telemetry

/// Runs as the API shows them.
enum RunJSON {
    /// A run with its steps: `{run, steps}`.
    ///
    /// - Parameters:
    ///   - definition: nil where it can't be read; then the kinds of steps are not told.
    ///   - sight: what the caller sees of payloads.
    ///   - children: how the runs stand that its steps have started, as far as that is known.
    static func run(
        _ run: ShownRun, _ steps: [ShownStep], of definition: WorkflowDefinition?, for sight: PayloadSight,
        waitingFor: JSON?, children: [RunID: String] = [:]
    ) -> JSONText {
        let view = sight.view(of: definition)
        var text = JSONText()
        text.write("{\"run\":")
        write(run, view, waitingFor, children, to: &text)
        text.write(",\"steps\":[")
        var elements: [String: [ShownStep]] = [:]
        for step in steps {
            if let parts = StepID.parts(step.stepID) { elements[parts.step, default: []].append(step) }
        }
        var isFirst = true
        for step in steps where StepID.parts(step.stepID) == nil {
            if !isFirst { text.write(",") }
            isFirst = false
            let stepDefinition = definition?.step(step.stepID)
            let isListed = stepDefinition?.forEach != nil || elements[step.stepID] != nil
            write(
                step, view, stepDefinition?.action.kind, children,
                elements: isListed ? elements[step.stepID] ?? [] : nil, to: &text)
        }
        text.write("]}")
        return text
    }

    /// A run with its payloads, as lists show it when they are asked to.
    static func whole(_ run: ShownRun, for view: PayloadView, waitingFor: JSON?) -> [UInt8] {
        var text = JSONText()
        write(run, view, waitingFor, [:], to: &text)
        return text.whole ?? []
    }

    /// A run as lists show it.
    static func summary(_ run: RunHead, for sight: PayloadSight, waitingFor: JSON?) -> JSONObject {
        summary(run, error: sight.view(of: nil).error(of: run), waitingFor: waitingFor)
    }

    private static func summary(_ run: RunHead, error: JSON?, waitingFor: JSON?) -> JSONObject {
        var object = JSONObject()
        let id = run.runID.description
        object["runId"] = .string(id)
        object["workflowName"] = .string(run.workflowName)
        object["workflowVersion"] = .string(run.workflowVersion)
        if let own = run.definitionOwner.tenantID { object["workflowTenant"] = .string(own) }
        object["status"] = .string(run.statusText)
        object["cause"] = JSON(run.causeText)
        object["error"] = error
        object["waitingFor"] = waitingFor ?? .null
        object["correlationId"] = .string(run.correlationID ?? id)
        if let parent = run.parent {
            object["parent"] = ["runId": .string(parent.runID.description), "stepId": .string(parent.stepID)]
        }
        if let lane = run.lane { object["priority"] = JSON(lane.priority) }
        object["createdAt"] = time(run.createdAt)
        object["updatedAt"] = time(run.updatedAt)
        object["completedAt"] = time(run.completedAt)
        object["deadlineAt"] = time(run.deadlineAt)
        return object
    }

    private static func write(
        _ run: ShownRun, _ view: PayloadView, _ waitingFor: JSON?, _ children: [RunID: String], to text: inout JSONText
    ) {
        var object = summary(run.head, error: nil, waitingFor: waitingFor)
        if let from = run.restartedFrom {
            object["restartedFrom"] = ["runId": .string(from.run.description), "fromStep": JSON(from.fromStep)]
        }
        if let other = run.restartedAs { object["restartedAs"] = .string(other.description) }
        if let trace = run.traceparent.flatMap({ TraceContext(traceparent: $0) }) {
            object["traceId"] = .string(trace.traceID.description)
        }
        if !run.endCalls.isEmpty {
            object["onEnd"] = .array(
                run.endCalls.map { ["runId": .string($0.description), "status": JSON(children[$0])] })
        }
        text.begin(object)
        text.member("error", view.error(of: run), of: .error)
        text.member("input", view.input(of: run), of: .input)
        text.member("output", view.output(of: run), of: .output)
        text.member("context", view.context(of: run), of: .context)
        text.end()
    }

    /// - Parameter elements: those of a step with a list, with what they have put out; nil for one without.
    private static func write(
        _ step: ShownStep, _ view: PayloadView, _ kind: StepKind?, _ children: [RunID: String],
        elements: [ShownStep]?, to text: inout JSONText
    ) {
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
        object["child"] = child(of: step, children)
        mark(step, in: &object)
        text.begin(object)
        let (output, error) = (view.output(of: step), view.error(of: step))
        guard let elements else {
            text.member("output", output, of: .stepOutput(step.index))
            text.member("error", error, of: .stepError(step.index))
            return text.end()
        }
        // What a person gave where there was no list to begin with.
        if output.isThere { text.member("output", output, of: .stepOutput(step.index)) }
        text.member("error", error, of: .stepError(step.index))
        text.write(",\"elements\":[")
        for (place, element) in elements.enumerated() {
            if place > 0 { text.write(",") }
            write(element: element, view, children, to: &text)
        }
        text.write("]")
        text.end()
    }

    /// What most steps are not, which is told of those that are.
    private static func mark(_ step: ShownStep, in object: inout JSONObject) {
        if step.isAccepted { object["accepted"] = true }
        if step.isOutcomeUnknown { object["outcomeUnknown"] = true }
        if step.isCompensationOutcomeUnknown { object["compensationOutcomeUnknown"] = true }
        if step.isKept { object["kept"] = true }
        if step.awaitsPerson { object["awaitsOperator"] = true }
    }

    /// The run that a step has started; nil for none.
    private static func child(of step: ShownStep, _ children: [RunID: String]) -> JSON? {
        guard let child = step.child else { return nil }
        var members: JSONObject = ["runId": .string(child.runID.description), "workflow": .string(child.workflow)]
        if let status = children[child.runID] { members["status"] = .string(status) }
        return .object(members)
    }

    /// An element, with those of a step's members that say something.
    private static func write(
        element: ShownStep, _ view: PayloadView, _ children: [RunID: String], to text: inout JSONText
    ) {
        var object: JSONObject = [
            "stepId": .string(element.stepID), "status": .string(element.status),
            "attempts": JSON(element.attempts),
            "compensationStatus": .string(element.compensationStatus),
        ]
        if element.compensationAttempts > 0 { object["compensationAttempts"] = JSON(element.compensationAttempts) }
        if let engine = element.engineID { object["engine"] = .string(engine.description) }
        if let at = element.startedAt { object["startedAt"] = time(at) }
        if let at = element.completedAt { object["completedAt"] = time(at) }
        if let at = element.nextAttemptAt { object["nextAttemptAt"] = time(at) }
        object["child"] = child(of: element, children)
        mark(element, in: &object)
        text.begin(object)
        let (output, error) = (view.output(of: element), view.error(of: element))
        if output.isThere { text.member("output", output, of: .stepOutput(element.index)) }
        if error.isThere { text.member("error", error, of: .stepError(element.index)) }
        text.end()
    }

    /// RFC 3339 in UTC, or null.
    static func time(_ instant: Instant?) -> JSON { JSON(instant?.description) }
}
