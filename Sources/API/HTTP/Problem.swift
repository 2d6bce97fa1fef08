import Core
import HTTPTypes
import Hummingbird
import NIOCore

// How the API speaks HTTP, whatever it speaks about: problems (RFC 9457), bodies in and out, headers, queries. No route
// is in this folder. A route answers a `Response` or throws a `Problem`; `Problem+Meaning` turns the errors of the
// modules below into problems, and `ProblemMiddleware` turns problems into answers.

/// Why a request is refused.
///
/// `detail` is written by us and never repeats what the client sent, nor SQL, nor anything secret.
struct Problem: Error {
    /// What it is about one place of the body.
    struct Place: Hashable, Sendable {
        let pointer: JSONPointer
        let detail: String
        /// The rule that is broken, in the workflow's definition.
        var schema: JSONPointer?
    }

    let kind: ProblemKind
    let detail: String
    /// What is wrong where; empty when the body is not at fault.
    var places: [Place] = []
    /// Headers of the answer, such as `Retry-After`.
    var headers: HTTPFields = [:]
    /// Further members of the body.
    var extra: [(key: String, value: JSON)] = []

    init(_ kind: ProblemKind, _ detail: String, places: [Place] = [], headers: HTTPFields = [:]) {
        self.kind = kind
        self.detail = detail
        self.places = places
        self.headers = headers
    }

    /// The content can't be accepted because of one place in it.
    static func content(_ pointer: JSONPointer, _ detail: String) -> Problem {
        Problem(.invalidContent, detail, places: [Place(pointer: pointer, detail: detail)])
    }

    /// After this problem nothing that still comes in on the connection is understood: it is closed.
    var closesConnection: Bool {
        switch kind {
        case .malformedRequest, .bodyTooLarge, .uriTooLong, .headersTooLarge, .requestTimeout, .expectationFailed: true
        default: false
        }
    }

    /// The body of the answer: `{type, title, status, detail, instance, errors?}`, each error `{pointer, detail, schema?}`.
    func json(instance: String?) -> JSON {
        var body = JSONObject()
        body["type"] = .string(kind.type)
        body["title"] = .string(kind.title)
        body["status"] = JSON(kind.status.code)
        body["detail"] = .string(detail)
        if let instance { body["instance"] = .string(String(instance.prefix(512))) }
        if !places.isEmpty {
            body["errors"] = .array(places.map(\.json))
        }
        for (key, value) in extra { body[key] = value }
        return .object(body)
    }

    /// The same as it is sent.
    func bytes(instance: String?) -> [UInt8] { json(instance: instance).bytes }

    /// The headers of the answer, without those of the transport.
    var answerHeaders: HTTPFields {
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        if closesConnection { fields[.connection] = "close" }
        return fields
    }

    /// Head and body of the answer to a request that was refused before anybody knew its path.
    var unplaced: (head: HTTPResponse, body: ByteBuffer) {
        (HTTPResponse(status: kind.status, headerFields: answerHeaders), ByteBuffer(bytes: bytes(instance: nil)))
    }

    /// The answer to a request for `instance`, the path as it was sent.
    func response(instance: String) -> Response {
        Response(
            status: kind.status, headers: answerHeaders,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes(instance: instance))))
    }
}

extension Problem.Place {
    /// `{pointer, detail, schema?}`
    fileprivate var json: JSON {
        // A member's name may be as long as a body.
        func text(_ pointer: JSONPointer) -> JSON { .string(String(pointer.description.prefix(512))) }
        var place: JSONObject = ["pointer": text(pointer), "detail": .string(detail)]
        place["schema"] = schema.map(text)
        return .object(place)
    }
}
