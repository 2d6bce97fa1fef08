// The calls after an end are made by a run of their own, and so they are rehearsed.

internal import Core

extension Rehearsal {
    /// What stands before the id of a call after the end in the names of a case.
    static let onEndPrefix = "onEnd:"

    /// Under which a case knows a step.
    func name(of step: Int) -> String {
        (run.definition.isOnEnd ? Self.onEndPrefix : "") + run.stepID(step)
    }

    /// The rehearsals of the runs that make the calls after the ends there have been, oldest first.
    package var afterEnds: [Rehearsal] {
        var afterEnds: [Rehearsal] = []
        var then = fresh
        var announced: RunID?
        for (at, event) in events {
            then.evolve(event, at: at)
            if let id = announced, let calls = then.endCalls(id, at: at) { afterEnds.append(Rehearsal(calls, at: at)) }
            announced = nil
            if case .endCallsStarted(let id) = event { announced = id }
        }
        return afterEnds
    }

    /// The calls that can't be built from what is known, each with why: `onEnd:mail: …`.
    package var unbuildable: [String] {
        mutating get throws(RehearsalError) {
            _ = try nextTurn()
            return run.nextCommands(at: now).compactMap { command in
                guard case .call(let call) = command else { return nil }
                let rehearsed = request(call)
                return rehearsed.refusal.map { "\(rehearsed.name): \($0)" }
            }
        }
    }
}
