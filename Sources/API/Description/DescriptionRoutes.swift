import Core
import Crypto
import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /openapi.json` and `GET /schemas/workflow.json`: what the API takes and gives, for machines. For everybody: it is the same
/// for all, and says nothing of what is stored.
struct DescriptionRoutes: Sendable {
    static let schemaType = "application/schema+json"
    static let openAPIPath = "/openapi.json"
    static let schemaPath = "/schemas/workflow.json"

    private let openAPI: StaticText
    private let schema = StaticText(DefinitionSchema.document, type: schemaType)

    /// - Parameter others: all routes but these.
    init(others: [Route], isOpen: Bool, version: String) {
        let own = Self.paths.map { path in Route(.get, path, needs: nil) { _, _ in Response(status: .ok) } }
        openAPI = StaticText(
            OpenAPIDocument(isOpen: isOpen, version: version).json(others + own), type: "application/json")
    }

    private static let paths = [openAPIPath, schemaPath]

    var routes: [Route] {
        [
            Route(.get, Self.openAPIPath, needs: nil) { [openAPI] request, _ in openAPI.answer(to: request) },
            Route(.get, Self.schemaPath, needs: nil) { [schema] request, _ in schema.answer(to: request) },
        ]
    }
}

/// A text that stays the same for as long as the process lives.
private struct StaticText: Sendable {
    private let text: ByteBuffer
    private let headers: HTTPFields
    private let etag: String

    init(_ json: JSON, type: String) {
        let bytes = json.bytes
        text = ByteBuffer(bytes: bytes)
        let digest = SHA256.hash(data: bytes).prefix(12).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        etag = "\"\(digest.joined())\""
        headers = [.contentType: type, .eTag: etag, .cacheControl: "public, max-age=300"]
    }

    func answer(to request: Request) -> Response {
        guard isKnown(request.headers[values: .ifNoneMatch]) else {
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: text))
        }
        var fields = headers
        fields[.contentType] = nil
        return Response(status: .notModified, headers: fields)
    }

    /// The client has it still (RFC 9110 §13.1.2).
    private func isKnown(_ names: [String]) -> Bool {
        names.flatMap { HeaderList.split($0, at: ",") }.contains { name in
            name == "*" || (name.hasPrefix("W/") ? String(name.dropFirst(2)) : name) == etag
        }
    }
}
