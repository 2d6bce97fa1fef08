import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts batches to one collector, each request under its own time limit.
struct OTLPClient {
    /// Answers are read up to here; what comes beyond is of no interest.
    private static let longestAnswer = 64 << 10

    private let client: HTTPClient
    private let endpoint: OTLPEndpoint

    /// To be ended with `shutDown`.
    init(_ endpoint: OTLPEndpoint) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        // The sender tries again, and knows when not to.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .nanoseconds(endpoint.timeout.nanoseconds)
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
        self.endpoint = endpoint
    }

    /// Sends one body and says what came of it.
    ///
    /// A collector that can't be reached, or does not answer in time, is one to be asked later. When the task is
    /// cancelled the request is, too.
    ///
    /// - Parameter limit: how long it may take; the endpoint's own limit when that is shorter.
    func send(_ body: [UInt8], within limit: Duration) async -> OTLPAnswer {
        let limit = min(limit, endpoint.timeout)
        return await withTaskGroup(of: OTLPAnswer.self) { group in
            group.addTask { await post(body, within: limit) }
            group.addTask {
                // Over, or cancelled: both end the request.
                try? await Task.sleep(for: limit)
                return .later(after: nil, reason: "no answer within \(limit)")
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .later(after: nil, reason: "cancelled")
        }
    }

    func shutDown() async throws { try await client.shutdown() }

    private func post(_ body: [UInt8], within limit: Duration) async -> OTLPAnswer {
        do {
            let response = try await client.execute(
                request(body), deadline: .now() + .nanoseconds(limit.nanoseconds))
            var answer: [UInt8] = []
            for try await part in response.body where answer.count < Self.longestAnswer {
                answer.append(contentsOf: part.readableBytesView)
            }
            return OTLPAnswer(
                status: response.status.code, retryAfter: response.headers.first(name: "retry-after"),
                body: answer[...])
        } catch {
            return .later(after: nil, reason: "\(error)")
        }
    }

    private func request(_ body: [UInt8]) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: endpoint.url)
        request.method = .POST
        for (name, value) in endpoint.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.replaceOrAdd(name: "content-type", value: "application/x-protobuf")
        if !request.headers.contains(name: "user-agent") {
            request.headers.add(name: "user-agent", value: endpoint.userAgent)
        }
        request.body = .bytes(body)
        return request
    }
}

extension Duration {
    /// Whole nanoseconds, at the ends of Int64 beyond them.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
    }
}

/// Where spans are posted to, and how.
struct OTLPEndpoint: Sendable {
    /// `http://` or `https://`, with the path.
    var url: String
    /// May hold secrets: never logged.
    var headers: [(name: String, value: String)] = []
    /// For one request.
    var timeout: Duration = .seconds(10)
    var userAgent = "sagaflow"
}

// Services are logged as they describe themselves, and they hold an endpoint: without this, its headers too.
extension OTLPEndpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL and how many headers there are; nothing of these.
    var description: String { "\(url) (\(headers.count) headers)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
