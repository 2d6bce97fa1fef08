import ArgumentParser
import NIOCore

/// Where the participant is told what to do.
struct ParticipantOptions: ParsableArguments {
    @Option(help: "The participant's port on 127.0.0.1.")
    var participantPort: Int
}

/// Tells the participant what to do, and asks what it counted.
struct ParticipantControl: Sendable {
    private let connection: HTTPConnection

    init(_ options: ParticipantOptions, on loop: any EventLoop) async throws {
        connection = try await HTTPConnection(port: options.participantPort, on: loop)
    }

    /// - Parameter query: as `ParticipantMode` reads it; empty for the mode of a new participant.
    func setMode(_ query: String) async throws { _ = try await get("/mode?\(query)") }

    func release() async throws { _ = try await get("/release") }

    func reset() async throws { _ = try await get("/reset") }

    func counts() async throws -> ParticipantCounts { try await get("/stats") }

    private func get(_ path: String) async throws -> ParticipantCounts {
        let reply = try await connection.get(path)
        guard reply.status == 200 else { throw BenchError.argument("the participant refused \(path)") }
        return try ParticipantCounts(parsing: reply.body)
    }
}
