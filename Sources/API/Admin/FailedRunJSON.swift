import Core
import Storage

extension FailedRunRow {
    /// The run as lists show it, and `quarantined`, `reason`, `failedSteps: [{stepId, attempts, error}]`, `requested`.
    func json(waitingFor: JSON?) -> JSONObject {
        var object = RunJSON.summary(run, waitingFor: waitingFor)
        object["quarantined"] = .bool(isQuarantined)
        object["reason"] = run.error?["message"] ?? .null
        object["failedSteps"] = .array(
            steps.map { ["stepId": .string($0.stepID), "attempts": JSON($0.attempts), "error": $0.error] })
        object["requested"] = .bool(isAsked)
        return object
    }
}
