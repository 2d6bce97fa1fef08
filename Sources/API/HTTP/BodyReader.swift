import Core
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads JSON bodies: only `application/json` in UTF-8, unencoded, up to a size.
struct BodyReader: Sendable {
    /// Media types of JSON and of JSON line by line; the first is what a refusal names.
    static let json = ["application/json"]
    static let lines = ["application/x-ndjson", "application/jsonl", "application/ndjson"]

    /// Bytes of a body, or of a line where lines are read, at most; more is 413.
    let maxBytes: Int

    /// The body.
    func json(_ request: Request) async throws(Problem) -> JSON {
        try Self.check(request.headers, for: Self.json)
        return try parse(try await collect(request))
    }

    /// The body; nil when there is none.
    func optionalJSON(_ request: Request) async throws(Problem) -> JSON? {
        let buffer = try await collect(request)
        if buffer.readableBytes == 0 { return nil }
        try Self.check(request.headers, for: Self.json)
        return try parse(buffer)
    }

    /// A body, or a line of one, that is here already.
    func parse(_ buffer: ByteBuffer) throws(Problem) -> JSON {
        let result: Result<JSON, JSONError> = buffer.withUnsafeReadableBytes { bytes in
            do throws(JSONError) { return .success(try JSON(parsing: bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let json): return json
        case .failure(let error): throw Problem(error)
        }
    }

    private func collect(_ request: Request) async throws(Problem) -> ByteBuffer {
        if let text = request.headers[.contentLength], let length = Int(text), length > maxBytes { throw tooLarge }
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

    /// - Throws: `unsupportedMediaType` unless the body is one of `types`, in UTF-8 and unencoded.
    static func check(_ headers: HTTPFields, for types: [String]) throws(Problem) {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "The body must not be encoded.")
        }
        let type = headers[.contentType] ?? ""
        if type == types[0] { return }
        let parts = type.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed().lowercased() }
        guard let first = parts.first, types.contains(first) else {
            throw Problem(.unsupportedMediaType, "The header Content-Type must be \(types[0]).")
        }
        for part in parts.dropFirst() where part.hasPrefix("charset=") {
            let charset = part.dropFirst("charset=".count).filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "utf8" else {
                throw Problem(.unsupportedMediaType, "JSON is UTF-8; no other charset is understood.")
            }
        }
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    func trimmed() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
