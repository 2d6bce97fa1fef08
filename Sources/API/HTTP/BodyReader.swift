import Basics
import Core
import Documents
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads JSON bodies: only `application/json` in UTF-8, unencoded, up to a size. Definitions may be YAML as well.
struct BodyReader: Sendable {
    /// Media types of JSON, of YAML (RFC 9512, and what it was before) and of JSON line by line; the first is what a
    /// refusal names.
    static let json = ["application/json"]
    static let yaml = ["application/yaml", "application/x-yaml", "text/yaml"]
    static let lines = ["application/x-ndjson", "application/jsonl", "application/ndjson"]

    /// Bytes of a body, or of a line where lines are read, at most; more is 413.
    let maxBytes: Int
    /// For all bodies together, but for small ones: a connection is reckoned to take as much anyway.
    let room: ByteRoom
    private static let smallBytes = 8192
    /// What is longer may take more than a millisecond to read.
    private static let briefBytes = 32 * 1024

    /// The body.
    func json(_ request: Request) async throws -> JSON {
        try await hold(request) { text in try await make(of: text) { $0 } }
    }

    /// What `work` makes of the body, in JSON or in YAML.
    func document<T: Sendable>(
        _ request: Request, _ work: @escaping @Sendable (JSON) throws(Problem) -> T
    ) async throws -> T {
        let type = try Self.check(
            request.headers, for: Self.json + Self.yaml, named: "\(Self.json[0]) or \(Self.yaml[0])")
        guard Self.yaml.contains(type) else {
            return try await hold(request) { text in try await make(of: text, work) }
        }
        let (buffer, held) = try await collect(request)
        defer { room.give(held) }
        return try await aside(from: buffer) { try work(try JSON(yaml: buffer.readableBytesView)) }
    }

    /// The body; nil when there is none.
    func optionalJSON(_ request: Request) async throws -> JSON? {
        let (buffer, held) = try await collect(request)
        defer { room.give(held) }
        if buffer.readableBytes == 0 { return nil }
        try Self.check(request.headers, for: Self.json)
        return try await make(of: buffer) { $0 }
    }

    /// Reads the body, and keeps room for it while it is worked on.
    func hold<T>(_ request: Request, _ work: (ByteBuffer) async throws -> T) async throws -> T {
        try Self.check(request.headers, for: Self.json)
        let (buffer, held) = try await collect(request)
        defer { room.give(held) }
        return try await work(buffer)
    }

    /// What `work` makes of the value of a body, or of a line of one, that is here already. All connections of an event loop
    /// would wait for a long one, so that is read elsewhere.
    func make<T: Sendable>(
        of text: ByteBuffer, _ work: @escaping @Sendable (JSON) throws(Problem) -> T
    ) async throws(Problem) -> T {
        if text.readableBytes <= Self.briefBytes { return try work(try parse(text)) }
        let made: Result<T, Problem> = await withTaskExecutorPreference(globalConcurrentExecutor) {
            do throws(Problem) { return .success(try work(try parse(text))) } catch { return .failure(error) }
        }
        return try made.get()
    }

    /// Does `work` with the value of a text. All connections of an event loop would wait while a large value is written as
    /// text, weighed or freed, so that is done elsewhere.
    func aside<T>(from text: ByteBuffer, _ work: () async throws -> T) async throws -> T {
        if text.readableBytes <= Self.briefBytes { return try await work() }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await work() }
    }

    private func parse(_ buffer: ByteBuffer) throws(Problem) -> JSON {
        let result: Result<JSON, JSONError> = buffer.withUnsafeReadableBytes { bytes in
            do throws(JSONError) { return .success(try JSON(parsing: bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let json): return json
        case .failure(let error): throw Problem(error)
        }
    }

    /// The body, and the room that was taken for it.
    private func collect(_ request: Request) async throws -> (ByteBuffer, held: Int) {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > maxBytes { throw tooLarge }
        let bytes = length ?? maxBytes
        let held = bytes > Self.smallBytes ? try await room.take(bytes) : 0
        do {
            return (try await read(request), held)
        } catch {
            room.give(held)
            throw error
        }
    }

    private func read(_ request: Request) async throws(Problem) -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: maxBytes)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let error as HTTPParserError {
            throw Problem(error)
        } catch {
            throw Problem(.malformedRequest, "The body ended too early.")
        }
    }

    private var tooLarge: Problem { Problem(.bodyTooLarge, "A body has at most \(maxBytes) bytes.") }

    /// The one of `types` that the body is.
    ///
    /// - Parameter named: what a refusal names; the first of them without.
    /// - Throws: `unsupportedMediaType` unless the body is one of them, in UTF-8 and unencoded.
    @discardableResult
    static func check(
        _ headers: HTTPFields, for types: [String], named name: String? = nil
    ) throws(Problem) -> String {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "The body must not be encoded.")
        }
        let type = headers[.contentType] ?? ""
        if type == types[0] { return type }
        let parts = type.split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.trimmingBlanks().lowercased() }
        guard let first = parts.first, types.contains(first) else {
            throw Problem(.unsupportedMediaType, "The header Content-Type must be \(name ?? types[0]).")
        }
        for part in parts.dropFirst() where part.hasPrefix("charset=") {
            let charset = part.dropFirst("charset=".count).filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "utf8" else {
                throw Problem(.unsupportedMediaType, "A body is UTF-8; no other charset is understood.")
            }
        }
        return first
    }
}
