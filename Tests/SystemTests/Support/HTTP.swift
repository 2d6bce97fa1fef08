import Core
import NIOCore
import NIOPosix
import Participants

/// A client for tests: JSON in, JSON out.
final class HTTP: Sendable {
    /// What came back.
    struct Answer: Sendable {
        /// Nil when there was no answer at all.
        let status: Int?
        let retryAfter: Duration?
        let contentType: String?
        let json: JSON
        /// The body as it came.
        var body: [UInt8] = []

        /// The body as text.
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let client: ParticipantClient

    init(on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) throws {
        client = try ParticipantClient(eventLoopGroup: group)
    }

    func close() async { await client.shutdown() }

    func send(
        _ method: String, port: Int, _ path: String, _ body: JSON? = nil, headers: [(String, String)] = [],
        timeout: Duration = .seconds(10)
    ) async throws -> Answer {
        let base = try BaseURL(parsing: "http://127.0.0.1:\(port)")
        let all = headers + (body == nil ? [] : [("content-type", "application/json")])
        let call = ParticipantCall(
            method: method, baseURL: base, path: path, headers: all, body: body?.bytes ?? [], timeout: timeout,
            maxResponseBytes: 4 << 20)
        switch await client.send(call) {
        case .response(let status, let retryAfter, let contentType, let body, _, _):
            let json = body.isEmpty ? JSON.null : (try? JSON(parsing: body)) ?? .null
            return Answer(status: status, retryAfter: retryAfter, contentType: contentType, json: json, body: body)
        case .notSent(let failure), .unknown(let failure):
            return Answer(status: nil, retryAfter: nil, contentType: nil, json: .string(failure.message))
        }
    }
}
