import Core
import HTTPTypes

/// What the answer to a bulk start consists of: one object a line.
enum ImportResult {
    /// `{line, status, runId, runStatus, replayed?, deprecation?}`: what a single start would be answered.
    static func accepted(_ accepted: RunStarts.Accepted, line: Int) -> [UInt8] {
        var object: JSONObject = [
            "line": JSON(line), "status": JSON(HTTPResponse.Status.accepted.code),
            "runId": .string(accepted.runID.description), "runStatus": .string(accepted.status.rawValue),
        ]
        if accepted.isReplay { object["replayed"] = true }
        object["deprecation"] = accepted.deprecation?.json
        return text(object)
    }

    /// `{line, status, retryAfter?, problem}`.
    static func refused(_ problem: Problem, line: Int, path: String) -> [UInt8] {
        text(refusal(["line": JSON(line)], problem, path))
    }

    /// `{resumeFrom, status, retryAfter?, problem}`: of that line and those after it none was started.
    static func ended(_ end: ImportWindow.EarlyEnd, path: String) -> [UInt8] {
        text(refusal(["resumeFrom": JSON(end.resumeFrom)], end.problem, path))
    }

    private static func refusal(_ beginning: JSONObject, _ problem: Problem, _ path: String) -> JSONObject {
        var object = beginning
        object["status"] = JSON(problem.kind.status.code)
        object["retryAfter"] = problem.headers[.retryAfter].flatMap { Int($0) }.map { JSON($0) }
        object["problem"] = problem.json(instance: path)
        return object
    }

    private static func text(_ object: JSONObject) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        JSON.object(object).encode(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
