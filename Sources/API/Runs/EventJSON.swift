import Core
import Storage

extension ShownEvent {
    /// The event as the API shows it, one line of JSON; members that don't apply are null.
    func text(for view: PayloadView) -> [UInt8] {
        var object = JSONObject()
        object["seq"] = JSON(sequence)
        object["at"] = RunJSON.time(at)
        object["kind"] = .string(kind)
        object["stepId"] = JSON(stepID)
        object["action"] = JSON(action)
        object["attempt"] = attempt.map { JSON($0) } ?? .null
        object["outcome"] = JSON(outcome)
        object["httpStatus"] = httpStatus.map { JSON($0) } ?? .null
        object["durationMs"] = Self.milliseconds(duration)
        object["retryInMs"] = Self.milliseconds(retryIn)
        object["engine"] = JSON(engineID?.description)
        object["epoch"] = JSON(Int(epoch))
        var text = JSONText()
        text.begin(object)
        text.member("error", view.error(of: self))
        text.member("data", view.data(of: self))
        text.end()
        return text.whole ?? []
    }

    /// With as many decimals as it has, three at the most: `11.342`.
    static func milliseconds(_ duration: Duration?) -> JSON {
        guard let microseconds = duration?.microseconds, let number = JSONNumber(Double(microseconds) / 1000) else {
            return .null
        }
        return .number(number)
    }
}
