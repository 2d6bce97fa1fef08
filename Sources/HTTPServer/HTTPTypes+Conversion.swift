import HTTPTypes
import NIOHTTP1

// The same as the framework's own conversion, without its detour through Foundation's URL parser, which costs more than
// all the rest of it.

extension HTTPRequest {
    /// Nil when method or target are of no form that is served here.
    init?(_ head: HTTPRequestHead) {
        guard let method = HTTPRequest.Method(rawValue: head.method.rawValue) else { return nil }
        guard let path = Self.path(of: head.uri) else { return nil }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var authority: String?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { return nil }
            if name.canonicalName == "host" {
                authority = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        self.init(method: method, scheme: "http", authority: authority, path: path, headerFields: fields)
    }

    /// Path and query of a target in origin form, absolute form or `*`.
    private static func path(of target: String) -> String? {
        if target.utf8.first == UInt8(ascii: "/") || target == "*" { return target }
        guard target.lowercased().hasPrefix("http://") else { return nil }
        let rest = target.dropFirst("http://".count)
        guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return rest[start] == "/" ? String(rest[start...]) : "/" + rest[start...]
    }
}

extension HTTPResponseHead {
    /// In HTTP/1.1.
    init(_ response: HTTPResponse) {
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headerFields.count + 1)
        for field in response.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        self.init(
            version: .http1_1,
            status: HTTPResponseStatus(
                statusCode: response.status.code, reasonPhrase: response.status.reasonPhrase),
            headers: headers)
    }
}
