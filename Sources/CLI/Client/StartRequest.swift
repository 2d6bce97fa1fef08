import Core

/// A start, repeated under its idempotency key until an answer comes.
struct StartRequest: Sendable {
    /// What the API answered.
    struct Answer: Sendable {
        let runID: String
        let status: String
        /// The run was started before under this key.
        let isReplay: Bool
    }

    var workflow: String
    var version: String?
    var input: JSON?
    var context: JSON?
    var correlationID: String?
    var key: String
    /// It begins so much later.
    var delay: Duration?
    /// It begins then, as RFC 3339 has it.
    var startAt: String?
    /// 0 to 9, among its tenant's runs, when engines can't keep up.
    var priority: Int?

    /// Repetitions while the API is away or overloaded.
    private static let pauses: [Duration] = [.milliseconds(200), .seconds(1), .seconds(2)]

    func send(_ client: APIClient) async throws -> Answer {
        var body = JSONObject()
        if let version { body["version"] = .string(version) }
        if let input { body["input"] = input }
        if let context { body["context"] = context }
        if let delay { body["delay"] = .string(DurationText.format(delay)) }
        if let startAt { body["startAt"] = .string(startAt) }
        if let priority { body["priority"] = JSON(priority) }
        var headers = [("idempotency-key", key)]
        if let correlationID { headers.append(("x-correlation-id", correlationID)) }
        let path = "/v1/workflows/\(workflow.pathSegment)/start"
        for pause in Self.pauses {
            do throws(CLIError) {
                return try Self.read(try await client.send(.post, path, .object(body), headers: headers))
            } catch {
                switch error {
                case .unreachable, .refused(status: 429, _), .refused(status: 503, _): try await Task.sleep(for: pause)
                case .refused, .misunderstood, .unusable: throw error
                }
            }
        }
        return try Self.read(try await client.send(.post, path, .object(body), headers: headers))
    }

    private static func read(_ answer: APIClient.Answer) throws(CLIError) -> Answer {
        guard let runID = answer.json["runId"]?.string, RunID(runID) != nil, let status = answer.json["status"]?.string
        else { throw .misunderstood("a start without a run id") }
        return Answer(runID: runID, status: status, isReplay: answer.isReplay)
    }
}

/// Keys nobody else has.
enum RandomKey {
    /// 128 random bits in hexadecimal digits.
    static func make() -> String {
        RunID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)).description
    }
}
