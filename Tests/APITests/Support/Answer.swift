import Core
import Testing

/// An HTTP answer as it was read from the wire.
struct Answer: Sendable {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body, or null when it is no JSON.
    var json: JSON { (try? JSON(parsing: body)) ?? .null }

    /// The last part of the `type` of a problem; nil when this is none.
    var problem: String? {
        guard headers["content-type"] == "application/problem+json" else { return nil }
        return json["type"]?.string?.split(separator: ":").last.map(String.init)
    }

    /// The pointers in a problem's `errors`.
    var pointers: [String] { json["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? [] }

    struct Malformed: Error {}

    /// The answers in what a server sent, each framed by its Content-Length or in chunks; interim ones are left out.
    static func parse(_ bytes: [UInt8]) throws -> [Answer] {
        var answers: [Answer] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else { throw Malformed() }
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            guard let words = lines.first?.split(separator: " "), words.count >= 2, let status = Int(words[1]) else {
                throw Malformed()
            }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let sides = line.split(separator: ":", maxSplits: 1)
                headers[sides[0].lowercased()] = sides.count > 1 ? String(sides[1].drop { $0 == " " }) : ""
            }
            rest = rest[end.upperBound...]
            if status < 200 { continue }
            if headers["transfer-encoding"] == "chunked" {
                answers.append(Answer(status: status, headers: headers, body: try takeChunks(from: &rest)))
                continue
            }
            let length = Int(headers["content-length"] ?? "0") ?? 0
            answers.append(Answer(status: status, headers: headers, body: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return answers
    }

    private static func takeChunks(from rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")),
            let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16)
        {
            body += rest[(end + 2)...].prefix(size)
            rest = rest[(end + 2)...].dropFirst(size + 2)
            if size == 0 { return body }
        }
        // It broke off.
        throw Malformed()
    }
}
