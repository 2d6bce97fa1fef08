import Core
import Participants

/// A call that was tried, and what an engine would make of it.
struct Trial {
    private let call: ParticipantCall
    private let result: TransportResult
    private let duration: Duration
    /// By the table in docs/architecture.md, as of a call that says nothing of statuses.
    let judged: CallResult

    /// Of a body, for people.
    private static let shownBytes = 4096

    init(_ call: ParticipantCall, _ result: TransportResult, after duration: Duration, path: String) throws {
        self.call = call
        self.result = result
        self.duration = duration
        let plain: JSON = [
            "name": "try", "version": "0.0.1",
            "steps": [["id": "try", "action": ["participant": "try", "path": "/"]]],
        ]
        let definition = try WorkflowDefinition(plain)
        judged = CallResult(
            Self.answer(result), of: definition.steps[0].madeCall, isAmbiguous: false, duration: duration)
    }

    private static func answer(_ result: TransportResult) -> Answer {
        switch result {
        case .response(let status, let retryAfter, let contentType, let body, let fault, _):
            .response(status: status, retryAfter: retryAfter, body: body, contentType: contentType, bodyFault: fault)
        case .notSent(let failure): .notSent(failure.message)
        case .unknown(let failure): .unknown(failure.message)
        }
    }

    func text(_ paint: Paint) -> String {
        var lines = [paint.bold("> \(call.method) \(url)")]
        for (name, value) in call.headers { lines.append(paint.dim("> \(name): \(shown(name, value))")) }
        if !call.body.isEmpty { lines.append("> " + Self.shown(call.body)) }
        lines.append("")
        switch result {
        case .response(let status, let retryAfter, let contentType, let body, _, _):
            lines.append(paint.bold("< \(status)") + "  after \(duration.readable)")
            if let contentType { lines.append(paint.dim("< content-type: \(contentType.clipped)")) }
            if let retryAfter { lines.append(paint.dim("< retry-after: \(retryAfter.readable)")) }
            if !body.isEmpty { lines.append("< " + Self.shown(body)) }
        case .notSent(let failure), .unknown(let failure):
            lines.append(paint.bold("< no answer") + "  after \(duration.readable): \(failure.message)")
        }
        let word = judged.outcome.rawValue
        let verdict = judged.outcome == .succeeded ? paint.green(word) : paint.yellow(word)
        lines += ["", "an engine counts this as \(verdict)" + (judged.failure.map { ": \($0.message)" } ?? "")]
        return lines.joined(separator: "\n")
    }

    /// `{method, url, headers, requestBody, status, contentType, body, durationMs, outcome, error}`.
    var json: JSON {
        var object: JSONObject = ["method": .string(call.method), "url": .string(url)]
        object["headers"] = .object(JSONObject(call.headers.map { (key: $0.0, value: .string(shown($0.0, $0.1))) }))
        object["requestBody"] = (try? JSON(parsing: call.body)) ?? .null
        (object["status"], object["contentType"], object["body"]) = (.null, .null, .null)
        if case .response(let status, _, let contentType, let body, _, _) = result {
            object["status"] = JSON(status)
            object["contentType"] = JSON(contentType)
            object["body"] = (try? JSON(parsing: body)) ?? .string(Self.shown(body))
        }
        object["durationMs"] = JSON(Int(duration.microseconds / 1000))
        object["outcome"] = .string(judged.outcome.rawValue)
        object["error"] = JSON(judged.failure?.message)
        return .object(object)
    }

    private var url: String { "\(call.baseURL)\(call.path)" }

    /// Headers of the protocol as they are; of others, which may be secrets, the name alone.
    private func shown(_ name: String, _ value: String) -> String {
        let isOurs = HeaderName.isReserved(name) || name == "accept"
        return isOurs ? value : "***"
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(shownBytes), as: UTF8.self).oneLine
        return text + (bytes.count > shownBytes ? "…" : "")
    }
}
