import Core
import Storage

/// What can be asked of a run, as the API tells it.
enum PossibleRequestsJSON {
    static func json(_ possible: PossibleRequests, of runID: RunID) -> JSON {
        func texts(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
        let steps = possible.ofSteps.map { step -> JSON in
            ["stepId": .string(step.stepID), "actions": texts(step.requests.map(\.rawValue))]
        }
        return [
            "runId": .string(runID.description), "actions": texts(possible.ofRun.map(\.rawValue)),
            "signals": texts(possible.signals), "steps": .array(steps),
            "undoes": possible.undoes.map(texts) ?? .null, "pastPivot": .bool(possible.mustGoOn),
        ]
    }
}
