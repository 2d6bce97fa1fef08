import Core
import Storage

extension FailedRunRow {
    /// The run as lists show it, and `quarantined`, `reason`, `failedSteps: [{stepId, attempts, error}]`, `requested`.
    func json(for sight: PayloadSight, waitingFor: JSON?) -> JSONObject {
        var object = RunJSON.summary(run, for: sight, waitingFor: waitingFor)
        let view = sight.view(of: nil)
        object["quarantined"] = .bool(isQuarantined)
        object["reason"] = object["error"]?["message"] ?? .null
        object["failedSteps"] = .array(
            steps.map { ["stepId": .string($0.stepID), "attempts": JSON($0.attempts), "error": view.error(of: $0)] })
        object["requested"] = .bool(isAsked)
        return object
    }
}
