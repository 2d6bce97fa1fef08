import NIOCore

/// Tells the participant what to do, and asks what it counted.
struct ParticipantControl: Sendable {
    private let connection: HTTPConnection

    /// - Parameter port: on 127.0.0.1.
    init(port: Int, on loop: any EventLoop) async throws {
        connection = try await HTTPConnection(port: port, on: loop)
    }

    /// - Parameter query: as `ParticipantMode` reads it; empty for the mode of a new participant.
    func setMode(_ query: String) async throws { _ = try await get("/mode?\(query)") }

    func release() async throws { _ = try await get("/release") }

    func reset() async throws { _ = try await get("/reset") }

    func counts() async throws -> ParticipantCounts { try await get("/stats") }

    private func get(_ path: String) async throws -> ParticipantCounts {
        let reply = try await connection.get(path)
        guard reply.status == 200 else { throw BenchError.disobeyed("the participant refused \(path)") }
        return try Figures.decode(ParticipantCounts.self, from: reply.body)
    }
}
