import Testing
import TestSupport

/// Sends an API what may be no request at all, and reads the answers.
struct TestClient: Sendable {
    let port: Int

    /// One request on a connection of its own, closed by the server after its answer.
    func send(
        _ method: String, _ path: String, body: String? = nil, _ headers: [String: String] = [:],
        within limit: Duration = .seconds(12), host: String = "test"
    ) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body {
            if headers["Content-Type"] == nil { head += "Content-Type: application/json\r\n" }
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        let answers = try await exchange(Array((head + "\r\n" + (body ?? "")).utf8), within: limit)
        return try #require(answers.first)
    }

    /// Sends bytes and reads until the server closes the connection.
    ///
    /// - Throws: `RawClient.TimedOut` when it does not within `limit`.
    func exchange(_ bytes: [UInt8], within limit: Duration = .seconds(12)) async throws -> [Answer] {
        try await connected(within: limit) { stream in
            // A server that refuses early may close before all is sent; what it answered counts.
            try? await stream.send(bytes)
            try await stream.waitForEnd()
            return try Answer.parse(stream.received)
        }
    }

    /// Runs `body` with an open connection.
    func connected<Value: Sendable>(
        within limit: Duration = .seconds(12),
        _ body: @escaping @concurrent @Sendable (inout RawStream) async throws -> Value
    ) async throws -> Value {
        try await RawClient(port: port).connected(within: limit, body)
    }
}
