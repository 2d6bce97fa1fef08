import Core
import NIOCore

/// Where starts are sent, and the bytes of a start.
struct APITarget: Sendable {
    /// The API's port on 127.0.0.1.
    let port: Int
    /// What is started, with what.
    var workflow = BenchWorkflow.name
    var input = BenchWorkflow.input
    /// The context of what is started; nil for none.
    var context: JSON?
    /// The API key that starts are sent with; nil for none.
    var key: String?

    /// The same API, for another workflow.
    func starting(_ workflow: String, _ input: JSON) -> APITarget {
        APITarget(port: port, workflow: workflow, input: input, key: key)
    }

    /// A complete request; every start is the same but for its run id, which the API makes.
    var startRequest: ByteBuffer {
        HTTPConnection.request(
            "POST", "/v1/workflows/\(workflow)/start",
            headers: key.map { "Authorization: Bearer \($0)\r\n" } ?? "", body: body, port: port)
    }

    private var body: JSON {
        var body: JSON = ["input": input]
        if let context { body["context"] = context }
        return body
    }

    /// Starts one run on a connection; its id, and the answer.
    func start(on client: HTTPConnection) async throws -> (id: RunID, reply: HTTPConnection.Reply) {
        let reply = try await client.send(startRequest)
        guard reply.status == 202, let id = try JSON(parsing: reply.body)["runId"]?.string.flatMap({ RunID($0) })
        else { throw BenchError.refused(status: reply.status, body: reply.body) }
        return (id, reply)
    }
}
