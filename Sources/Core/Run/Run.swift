/// One execution of a workflow definition, as the lease holder sees it: its row in `workflow_runs` with the events in
/// `run_journal` after it.
///
/// A run is a value. `decide` says what happens next, `evolve` applies it, and folding all events of a run from
/// `Run.init` gives exactly the stored rows.
package struct Run: Sendable {
    /// The UUIDv7 by which everybody knows the run.
    package let id: RunID
    /// The definition it was started with, whatever versions came later.
    package let definition: WorkflowDefinition
    /// What the client sent.
    package let input: JSON
    /// What the client sent along: tenant, correlation and anything else.
    package let context: JSON
    /// When the API accepted it, by the database's clock.
    package let createdAt: Instant
    /// Where it stands.
    package var status: RunStatus = .pending
    /// Why it left the forward path; nil while it has not.
    package var cause: RunCause?
    /// What went wrong first, or, of a FAILED run, what it is FAILED for; nil while nothing has.
    package var error: Failure?
    /// What went wrong first, while the run is FAILED for something else; stored and shown as the error's `before`.
    package var turnedBackBy: Failure?
    /// What the run gives back, once completed.
    package var output: JSON?
    /// When status, cause or error last changed.
    package var updatedAt: Instant
    /// When it became terminal.
    package var completedAt: Instant?
    /// In the order of the definition.
    package var steps: Steps
    /// Sequence number of the last event; 0 before the first.
    package var lastSequence: Int = 0
    /// The last event that its row has seen; what came after stands in the journal alone.
    package var storedSequence: Int = 0
    private var boxedMarks: Boxed<RunMarks>?

    /// A run before its first event.
    package init(
        id: RunID, definition: WorkflowDefinition, input: JSON, context: JSON, createdAt: Instant
    ) {
        self.id = id
        self.definition = definition
        self.input = input
        self.context = context
        self.createdAt = createdAt
        self.updatedAt = createdAt
        self.steps = Steps(count: definition.steps.count)
    }

    /// What is to be known of it beside its steps.
    package var marks: RunMarks {
        get { boxedMarks?.value ?? RunMarks() }
        set { boxedMarks = newValue.isEmpty ? nil : Boxed(newValue) }
    }

    /// There is something in `marks`, as in hardly any run.
    package var hasMarks: Bool { boxedMarks != nil }

    /// The lists whose elements have begun, in that order.
    package var lists: [ElementList] { boxedMarks?.value.lists ?? [] }

    /// When forward progress must end; nil without a `timeout`.
    package var deadlineAt: Instant? {
        guard let timeout = definition.timeout else { return nil }
        guard let marks = boxedMarks?.value else { return createdAt + timeout }
        return (marks.startAt ?? createdAt) + timeout + marks.deadlineHeld
    }

    /// Somebody paused it: nothing new begins.
    package var isPaused: Bool { boxedMarks?.value.pause != nil }

    /// Nothing but a person, or what comes from outside, brings it on.
    package var waitsForOutside: Bool {
        isPaused
            || steps.hasActive {
                $0.awaitsPerson || $0.awaitsSignal || $0.awaitsChild
                    || (cause == nil && $0.compensationStatus == .failed)
            }
    }

    /// Forward progress has ended but calls may still be in flight: they finish, nothing new starts.
    package var isDraining: Bool {
        cause != nil && (status == .pending || status == .running)
    }

    /// It is FAILED because it could not be processed, not because a compensation gave up.
    package var isQuarantined: Bool {
        status == .failed && error?.kind == Failure.quarantinedKind
    }

    /// Bytes of memory that its payloads take, about: input, context, the steps' outputs, and
    /// what came from outside and was not taken yet.
    package var weight: Int {
        let listed = lists
        var outputs = 0
        // The outputs of elements are their step's, too.
        for index in steps.indices where listed.isEmpty || !listed.contains(where: { $0.step == index }) {
            outputs += steps[index].output?.footprint ?? 0
        }
        // Of few steps nobody notices how large they are themselves.
        let own = listed.isEmpty ? 0 : steps.count * MemoryLayout<Step>.stride
        return input.footprint + context.footprint + outputs + own + (boxedMarks?.value.weight ?? 0)
    }

    /// For so long a run is given back that nothing but what comes from outside brings on; then it is looked at anew.
    package static let longestRest = Duration.seconds(366 * 86_400)

    /// What `weight` may be. A heavier run is not started; an answer that would make it heavier is not taken.
    package static let maxWeight = 32 << 20

    /// `error` as it is stored: `{kind, message, httpStatus?, stepId?, response?, pointer?, before?}`.
    package var errorJSON: JSON? { error?.json(before: turnedBackBy) }

    /// Why the output of a run that completed at its start is refused: it would be larger than a template may become.
    /// What can't be built for another reason leaves the run COMPLETED without an output.
    package var outputRefusal: TemplateError? {
        guard status == .completed, error?.kind == Failure.templateKind else { return nil }
        do {
            _ = try definition.output?.render(self)
            return nil
        } catch {
            guard case .tooLarge = error.kind else { return nil }
            return error.below(JSONPointer(["output"]))
        }
    }

    /// Every step is done.
    package var isForwardDone: Bool { definition.steps.indices.allSatisfy { isDone($0) } }

    /// The steps that depend on this one may go: it succeeded, was skipped, or gave up and the run goes on, with nothing left
    /// to be undone first.
    package func isDone(_ index: Int) -> Bool {
        let step = steps[index]
        if step.status.isDone { return true }
        guard step.status == .failed, stepDefinition(index).continuesOnFailure else { return false }
        return isUndone(index)
    }

    /// A step of the definition, and its elements with it, has nothing that is still to be undone.
    func isUndone(_ index: Int) -> Bool {
        func isUndone(_ step: Step) -> Bool {
            switch step.compensationStatus {
            case .notRequired, .compensated: true
            case .failed: isPlanted(.failedUndoingIsDone)
            case .pending, .compensating: false
            }
        }
        guard let list = list(of: index) else { return isUndone(steps[index]) }
        return list.numbers.allSatisfy { isUndone(steps[$0]) }
    }

    /// The step that ended the run as completed; nil when none did.
    package var ending: Int? {
        definition.steps.lazy.map(\.index).first {
            guard case .end = definition.steps[$0].action else { return false }
            return steps[$0].status == .succeeded
        }
    }
}

extension Run: Scope {
    package func value(_ root: Reference.Root) -> JSON? {
        if definition.isOnEnd { return ended(root) }
        return switch root {
        case .input: input
        case .context: context
        case .run(let member): value(member)
        case .step(let id, let member): definition.steps.first { $0.id == id }.flatMap { steps[$0.index].value(member) }
        case .attempt, .response, .payload, .item, .index: nil
        }
    }

    func value(_ member: Reference.RunMember) -> JSON? {
        switch member {
        case .id: .string(id.description)
        case .workflow: .string(definition.name)
        case .version: .string(definition.versionText)
        case .startedAt: .string(createdAt.shortText)
        case .deadlineAt: deadlineAt.map { .string($0.shortText) }
        case .status: .string(status.rawValue)
        case .cause: cause.map { .string($0.rawValue) }
        case .error: error?.json
        }
    }
}

extension Step {
    func value(_ member: Reference.StepMember) -> JSON? {
        switch member {
        case .output: output
        case .status: .string(status.rawValue)
        case .error: forwardError?.json
        case .responseStatus: answer?.status.map { JSON($0) }
        case .responseHeader(let name): answer?.headers[name].map { .string($0) }
        }
    }
}
