import Core
import NIOCore

extension APITarget {
    /// Starts one run, for probes to read; its id.
    func startOne(on loop: any EventLoop) async throws -> RunID {
        let client = try await HTTPConnection(port: port, on: loop)
        let reply = try await client.send(startRequest)
        try await client.close()
        guard reply.status == 202, let id = try JSON(parsing: reply.body)["runId"]?.string.flatMap({ RunID($0) })
        else { throw BenchError.refused(status: reply.status, body: reply.body) }
        return id
    }
}
