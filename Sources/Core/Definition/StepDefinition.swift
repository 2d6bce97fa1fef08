/// What something in a definition names of a step's answer, beside its output.
package struct KeptAnswer: Hashable, Sendable {
    package var keepsStatus = false
    /// In lower case.
    package var headers: Set<String> = []

    package init() {}
}

/// One step of a workflow and its place in the graph. A class for the same reason as `WorkflowDefinition`.
package final class StepDefinition: Sendable {
    /// `[a-z0-9][a-z0-9_-]{0,62}`, unique in the workflow.
    package let id: String
    /// Its place in `WorkflowDefinition.steps`; the lists below hold such places too, ascending.
    package let index: Int
    /// The steps that must be done before this one starts.
    package let dependencies: [Int]
    /// The steps that wait for this one.
    package let dependents: [Int]
    /// All steps that wait for this one, directly or through others.
    package let descendants: [Int]
    /// False: the step is skipped. Nil: always run.
    package let condition: Condition?
    /// It is skipped, too, unless all of `dependencies` succeeded.
    package let runsIfSucceeded: Bool
    package let action: StepAction
    /// It is done for each entry of this list; nil: once.
    package let forEach: ForEachDefinition?
    /// When it has given up, the run goes on all the same.
    package let continuesOnFailure: Bool
    /// Once it has succeeded there is no way back.
    package let isPivot: Bool
    /// What undoes the action's effect; nil when nothing can or need be undone.
    package let compensation: CallDefinition?
    /// Its author says that there is nothing to undo.
    package let needsNoUndo: Bool
    /// What of the action's answer is kept beside its output; nil for nothing.
    package let keptAnswer: KeptAnswer?

    init(
        id: String, index: Int, dependencies: [Int], dependents: [Int], descendants: [Int], condition: Condition?,
        runsIfSucceeded: Bool, action: StepAction, forEach: ForEachDefinition?, continuesOnFailure: Bool, isPivot: Bool,
        compensation: CallDefinition?,
        needsNoUndo: Bool, keptAnswer: KeptAnswer?
    ) {
        self.id = id
        self.index = index
        self.dependencies = dependencies
        self.dependents = dependents
        self.descendants = descendants
        self.condition = condition
        self.runsIfSucceeded = runsIfSucceeded
        self.action = action
        self.forEach = forEach
        self.continuesOnFailure = continuesOnFailure
        self.isPivot = isPivot
        self.compensation = compensation
        self.needsNoUndo = needsNoUndo
        self.keptAnswer = keptAnswer
    }

    /// What undoes it is the undoing of its child.
    package var undoesChild: Bool {
        guard case .run(let child) = action else { return false }
        return !child.isDetached && compensation == nil && !needsNoUndo
    }

    /// The call of its action, of a step that is known to make one.
    package var madeCall: CallDefinition {
        guard let call = action.call else { preconditionFailure("the step \(id) makes no call") }
        return call
    }

    /// The call that one of its two actions makes; nil for a compensation it does not have, and where it makes none.
    package func call(of action: CallAction) -> CallDefinition? {
        switch action {
        case .execute: self.action.call
        case .compensate: compensation
        }
    }
}

/// Which of a step's two calls. The raw values are public: idempotency keys and the history carry them.
package enum CallAction: String, Sendable, Hashable, CaseIterable {
    /// The forward action.
    case execute
    /// Its compensation.
    case compensate
}

/// The key under which a participant recognises a call it has seen before: `RUNID:STEPID:execute` or `…:compensate`.
///
/// It does not change over attempts, engines and restarts, and no other call ever has it.
package func idempotencyKey(run: RunID, step: String, action: CallAction) -> String {
    "\(run):\(step):\(action.rawValue)"
}
