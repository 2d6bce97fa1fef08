import NIOCore
import NIOPosix
import Participants

/// Runs `body` with a client on the given loops and shuts it down afterwards, whatever happened.
func withClient<Result>(
    on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton.next(),
    _ configure: (inout ParticipantClient.Configuration) -> Void = { _ in },
    _ body: (ParticipantClient) async throws -> Result
) async throws -> Result {
    var configuration = ParticipantClient.Configuration()
    // A busy machine must not look like a fault: the tests that are about these times set their own.
    configuration.idleTimeout = .seconds(120)
    configuration.connectTimeout = .seconds(30)
    configure(&configuration)
    let client = try ParticipantClient(eventLoopGroup: group, configuration: configuration)
    do {
        let result = try await body(client)
        await client.shutdown()
        return result
    } catch {
        await client.shutdown()
        throw error
    }
}

/// A call to a port of this machine.
func call(
    _ port: Int, method: String = "POST", scheme: Scheme = .http, host: String = "127.0.0.1", path: String = "/charge",
    headers: [(String, String)] = [("content-type", "application/json")], body: String = #"{"amount":1}"#,
    timeout: Duration = .seconds(30)
) -> ParticipantCall {
    ParticipantCall(
        method: method, baseURL: BaseURL(origin: Origin(scheme: scheme, host: host, port: port)), path: path,
        headers: headers, body: Array(body.utf8), timeout: timeout)
}

/// A result without its sentence: what a decision depends on.
enum Ending: Hashable, CustomStringConvertible {
    case response(Int)
    case notSent(TransportFailure.Kind)
    case unknown(TransportFailure.Kind)

    init(_ result: TransportResult) {
        switch result {
        case .response(let status, _, _, _, _, _): self = .response(status)
        case .notSent(let failure): self = .notSent(failure.kind)
        case .unknown(let failure): self = .unknown(failure.kind)
        }
    }

    var description: String {
        switch self {
        case .response(let status): "response \(status)"
        case .notSent(let kind): "notSent \(kind)"
        case .unknown(let kind): "unknown \(kind)"
        }
    }
}

extension TransportResult {
    var ending: Ending { Ending(self) }

    var body: [UInt8]? {
        if case .response(_, _, _, let body, _, _) = self { body } else { nil }
    }

    var retryAfter: Duration? {
        if case .response(_, let wait, _, _, _, _) = self { wait } else { nil }
    }

    var bodyFault: String? {
        if case .response(_, _, _, _, let fault, _) = self { fault } else { nil }
    }

    var message: String? {
        switch self {
        case .response: nil
        case .notSent(let failure), .unknown(let failure): failure.message
        }
    }
}

/// Thrown when a condition does not come true; the sentence says which.
struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}

/// Looks at something the client can only be asked about, again and again, until it is as wanted; gives up after
/// half a minute.
func until(_ what: String, _ condition: () async -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: what) }
        try await Task.sleep(for: .milliseconds(1))
    }
}
