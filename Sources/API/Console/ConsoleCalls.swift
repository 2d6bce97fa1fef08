import Basics
import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// The routes of this API, for the console to call as whoever is logged in: through the same gate, with the same answers.
struct ConsoleCalls: Sendable {
    let gate: AccessGate
    private let handlers: [String: Route.Handler]

    init(_ routes: [Route], _ gate: AccessGate) {
        self.gate = gate
        handlers = Dictionary(
            routes.map { ("\($0.method) \($0.path)", gate.guarded($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameters:
    ///   - path: of the route, as in `/v1/runs/:runId`.
    ///   - variables: of the path, in its order.
    ///   - body: sent as JSON.
    ///   - text: sent as it is, under its media type.
    ///   - isWhole: large payloads are not left out.
    /// - Throws: what the route throws.
    func call(
        _ method: HTTPRequest.Method, _ path: String, _ variables: [String] = [], query: [(String, String?)] = [],
        body: JSON? = nil, text: (bytes: ByteBuffer, type: String)? = nil, headers: HTTPFields, _ request: Request,
        _ context: APIContext, isWhole: Bool = false
    ) async throws -> Response {
        guard let handler = handlers["\(method) \(path)"] else { preconditionFailure("no route is \(method) \(path)") }
        var inner = context
        inner.console = isWhole ? .whole : .page
        var rest = variables[...]
        let filled = path.split(separator: "/").map { part -> String in
            guard part.hasPrefix(":") else { return String(part) }
            guard let value = rest.popFirst() else { preconditionFailure("\(path) has more variables") }
            let segment = PercentEncoding.segment(value)
            inner.coreContext.parameters[part.dropFirst()] = segment[...]
            return segment
        }.map { "/\($0)" }.joined()
        var head = HTTPRequest(
            method: method, scheme: request.head.scheme, authority: request.head.authority,
            path: Self.query(filled, query), headerFields: headers)
        if let requestID = request.headers[.xRequestID] { head.headerFields[.xRequestID] = requestID }
        guard let (bytes, type) = text ?? body.map({ (ByteBuffer(bytes: $0.bytes), "application/json") }) else {
            return try await handler(Request(head: head, body: request.body), inner)
        }
        head.headerFields[.contentType] = type
        head.headerFields[.contentLength] = String(bytes.readableBytes)
        return try await handler(Request(head: head, body: RequestBody(buffer: bytes)), inner)
    }

    private static func query(_ path: String, _ members: [(String, String?)]) -> String {
        let parts = members.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.segment($0))" } }
        return parts.isEmpty ? path : "\(path)?\(parts.joined(separator: "&"))"
    }
}

extension Request {
    /// The same with these headers alone.
    func asking(with headers: HTTPFields) -> Request {
        var head = head
        head.headerFields = headers
        return Request(head: head, body: body)
    }
}

extension Response {
    /// Bytes of an answer that a page is made of, at most: pages of lists end at 1 MiB, and large payloads are left out.
    private static let mostForPage = 8 << 20

    /// The body as JSON.
    func pageJSON() async throws -> JSON {
        let kept = KeptBody(most: Self.mostForPage)
        try await body.write(BodyKeeper(kept: kept))
        guard let bytes = kept.bytes else {
            throw Problem(.tooManyAnswers, "This is too much for a page. The API has it.")
        }
        return try JSON(parsing: bytes)
    }
}

/// What was written of a body; nothing once it is too much.
private final class KeptBody {
    private let most: Int
    private(set) var bytes: [UInt8]? = []

    init(most: Int) { self.most = most }

    func add(_ buffer: ByteBuffer) {
        guard let count = bytes?.count, count + buffer.readableBytes <= most else {
            bytes = nil
            return
        }
        bytes?.append(contentsOf: buffer.readableBytesView)
    }
}

private struct BodyKeeper: ResponseBodyWriter {
    let kept: KeptBody

    mutating func write(_ buffer: ByteBuffer) async throws { kept.add(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
