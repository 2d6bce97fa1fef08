import Core
import Storage

extension StoredEvent {
    /// The event as the API shows it; members that don't apply are null.
    var json: JSON {
        var object = JSONObject()
        object["seq"] = JSON(sequence)
        object["at"] = RunJSON.time(at)
        object["kind"] = .string(kind)
        object["stepId"] = JSON(row.stepID)
        object["action"] = JSON(action)
        object["attempt"] = row.attempt.map { JSON($0) } ?? .null
        object["outcome"] = JSON(outcome)
        object["httpStatus"] = row.httpStatus.map { JSON($0) } ?? .null
        object["durationMs"] = Self.milliseconds(row.duration)
        object["retryInMs"] = Self.milliseconds(row.retryIn)
        object["error"] = row.error ?? .null
        object["engine"] = JSON(engineID?.description)
        object["epoch"] = JSON(Int(epoch))
        object["data"] = row.data ?? .null
        return .object(object)
    }

    /// With as many decimals as it has, three at the most: `11.342`.
    private static func milliseconds(_ duration: Duration?) -> JSON {
        guard let microseconds = duration?.microseconds, let number = JSONNumber(Double(microseconds) / 1000) else {
            return .null
        }
        return .number(number)
    }
}
