import AsyncHTTPClient
import Basics
import Core
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// One API, as the commands talk to it.
struct APIClient: Sendable {
    /// What the commands do.
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What came back, below 400.
    struct Answer: Sendable {
        let status: Int
        /// The answer to a request that had been answered before under its idempotency key.
        let isReplay: Bool
        let json: JSON
    }

    let url: String
    let token: String?
    let http: HTTPClient

    /// Answers are JSON documents of bounded size; a run's history is the largest.
    private static let maxBytes = 64 << 20

    /// How API keys begin, and admin tokens never do.
    static let keyPrefix = "sf_"

    /// Whether a credential is an API key, or a token of another issuer (JWT): three parts of base64url, of which the first is
    /// a JSON object. What is neither is an admin token.
    static func isBearer(_ token: String) -> Bool {
        if token.hasPrefix(keyPrefix) { return true }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        return token.hasPrefix("eyJ") && parts.count == 3 && parts.allSatisfy { Base64URL.decode(String($0)) != nil }
    }

    /// The header of a credential, which is told by its form.
    static func credential(_ token: String) -> HTTPHeaders {
        isBearer(token) ? ["authorization": "Bearer \(token)"] : ["x-admin-token": token]
    }

    /// Makes one call.
    ///
    /// - Throws: `CLIError.unreachable` without an answer, `.refused` for 400 and above.
    func send(
        _ method: Method, _ path: String, _ body: JSON? = nil, headers: [(String, String)] = [],
        timeout: Duration = .seconds(15)
    ) async throws(CLIError) -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(contentsOf: Self.credential(token)) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let response: HTTPClientResponse
        let bytes: ByteBuffer
        do {
            response = try await http.execute(request, timeout: .microseconds(timeout.microseconds))
            bytes = try await response.body.collect(upTo: Self.maxBytes)
        } catch {
            throw .unreachable(url: url, reason: Self.reason(error))
        }
        let json: JSON
        do {
            json = bytes.readableBytes == 0 ? .null : try JSON(parsing: bytes.readableBytesView, limits: .answers)
        } catch {
            throw .misunderstood("\(method.rawValue) \(path) was answered \(response.status.code) and \(error.message)")
        }
        let status = Int(response.status.code)
        guard status < 400 else { throw .refused(status: status, problem: json) }
        let isReplay = response.headers.first(name: "idempotency-replayed") == "true"
        return Answer(status: status, isReplay: isReplay, json: json)
    }

    /// The same, waiting a 429 out: admin calls are limited by rate.
    func patiently(_ method: Method, _ path: String, _ body: JSON? = nil) async throws -> Answer {
        for _ in 0..<30 {
            do throws(CLIError) { return try await send(method, path, body) } catch {
                guard case .refused(status: 429, _) = error else { throw error }
                try await Task.sleep(for: .seconds(1))
            }
        }
        return try await send(method, path, body)
    }

    /// The body of a text; nil when there is none, for what is only nice to know.
    func text(_ path: String, timeout: Duration = .seconds(5)) async -> String? {
        let request = HTTPClientRequest(url: url + path)
        guard let response = try? await http.execute(request, timeout: .microseconds(timeout.microseconds)),
            response.status.code == 200, let body = try? await response.body.collect(upTo: 8 << 20)
        else { return nil }
        return String(buffer: body)
    }

    /// Opens a run's live stream after an event.
    func stream(_ runID: String, after sequence: Int) async throws(CLIError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "\(url)/v1/runs/\(runID)/events")
        request.headers.add(name: "accept", value: "text/event-stream")
        if let token { request.headers.add(contentsOf: Self.credential(token)) }
        if sequence > 0 { request.headers.add(name: "last-event-id", value: String(sequence)) }
        let response: HTTPClientResponse
        do { response = try await http.execute(request, deadline: .distantFuture) } catch {
            throw .unreachable(url: url, reason: Self.reason(error))
        }
        try await Self.check(response)
        return response
    }

    /// Opens an answer that may be of any length.
    func download(_ path: String, accept: String) async throws(CLIError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "accept", value: accept)
        if let token { request.headers.add(contentsOf: Self.credential(token)) }
        let response: HTTPClientResponse
        do { response = try await http.execute(request, deadline: .distantFuture) } catch {
            throw .unreachable(url: url, reason: Self.reason(error))
        }
        try await Self.check(response)
        return response
    }

    /// - Throws: `CLIError.refused` for 400 and above.
    static func check(_ response: HTTPClientResponse) async throws(CLIError) {
        guard response.status.code >= 400 else { return }
        // A problem document; should it break off, the status alone has to do.
        let body = try? await response.body.collect(upTo: 1 << 20)
        let problem = body.flatMap { try? JSON(parsing: $0.readableBytesView) }
        throw .refused(status: Int(response.status.code), problem: problem ?? .null)
    }

    static func reason(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        if let error = error as? NIOConnectionError, let last = error.connectionErrors.last {
            return reason(last.error)
        }
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?: return "no answer in time"
        case .connectTimeout?: return "no connection in time"
        case .remoteConnectionClosed?: return "the connection was closed before the answer"
        default: return "\(error)".clipped
        }
    }
}

extension JSON.Limits {
    /// What the API wraps is deeper than what it accepts.
    static let answers = JSON.Limits(depth: 128)
}

extension String {
    /// As one segment of a path.
    var pathSegment: String { PercentEncoding.segment(self) }
}
