/// A request that must be refused, and how.
struct BadRequest: Sendable {
    let name: String
    let bytes: [UInt8]
    let status: Int
    /// The last part of the problem's `type`.
    let problem: String
    var pointer: String?
    var header: String?

    /// Raw bytes, as they go over the wire.
    static func raw(_ name: String, _ bytes: [UInt8], _ status: Int, _ problem: String) -> BadRequest {
        BadRequest(name: name, bytes: bytes, status: status, problem: problem)
    }

    /// A head whose lines end right, and a body.
    static func raw(
        _ name: String, _ lines: [String], _ status: Int, _ problem: String, body: String = ""
    ) -> BadRequest {
        raw(name, Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8), status, problem)
    }

    /// A well-formed request without headers of its own.
    static func http(
        _ name: String, _ method: String, _ path: String, body: [UInt8]? = nil, _ status: Int, _ problem: String,
        pointer: String? = nil, header: String? = nil
    ) -> BadRequest {
        http(name, method, path, [:], body: body, status, problem, pointer: pointer, header: header)
    }

    /// A well-formed request after whose answer the server closes.
    static func http(
        _ name: String, _ method: String, _ path: String, _ headers: [String: String], body: [UInt8]? = nil,
        _ status: Int, _ problem: String, pointer: String? = nil, header: String? = nil
    ) -> BadRequest {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body {
            if headers["Content-Type"] == nil { head += "Content-Type: application/json\r\n" }
            head += "Content-Length: \(body.count)\r\n"
        }
        return BadRequest(
            name: name, bytes: Array((head + "\r\n").utf8) + (body ?? []), status: status, problem: problem,
            pointer: pointer, header: header)
    }

    /// A start of workflow `w` with this body.
    static func start(
        _ name: String, _ body: String, _ status: Int, _ problem: String, pointer: String? = nil,
        _ headers: [String: String] = [:]
    ) -> BadRequest {
        http(
            name, "POST", "/v1/workflows/w/start", headers, body: Array(body.utf8), status, problem, pointer: pointer)
    }

    /// The same with a body that is no text.
    static func start(_ name: String, _ body: [UInt8], _ status: Int, _ problem: String) -> BadRequest {
        http(name, "POST", "/v1/workflows/w/start", body: body, status, problem)
    }

    /// An admin call with a valid token.
    static func admin(
        _ name: String, _ method: String, _ path: String, _ body: String, _ status: Int, _ problem: String,
        pointer: String? = nil
    ) -> BadRequest {
        http(
            name, method, path, ["X-Admin-Token": TestAPI.token], body: Array(body.utf8), status, problem,
            pointer: pointer)
    }
}
