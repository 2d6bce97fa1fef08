internal import NIOCore

/// Writes calls to one origin as bytes: the lines that are the same for every call are made once.
struct RequestEncoder {
    /// A buffer that grew beyond this for one large request is not kept for the next.
    private static let keptCapacity = 16 * 1024

    /// Version, Host and User-Agent: what follows every request's path.
    private let commonLines: String
    private let commonLinesOfOwnAgent: String

    init(origin: Origin) {
        commonLinesOfOwnAgent = " HTTP/1.1\r\nhost: \(origin.hostHeader)\r\n"
        commonLines = commonLinesOfOwnAgent + "user-agent: sagaflow\r\n"
    }

    /// Replaces the buffer's content by the whole request. The call has passed `RequestRules`.
    func encode(_ call: ParticipantCall, into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: 0)
        buffer.reserveCapacity(size(of: call))
        buffer.writeString(call.method)
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeString(call.baseURL.pathPrefix)
        buffer.writeString(call.path)
        let namesAgent = call.headers.contains { $0.0.utf8.count == 10 && $0.0.lowercased() == "user-agent" }
        buffer.writeString(namesAgent ? commonLinesOfOwnAgent : commonLines)
        for (name, value) in call.headers {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
        if !call.body.isEmpty || Self.announcesEmptyBody(call.method) {
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(call.body.count))
            buffer.writeStaticString("\r\n\r\n")
        } else {
            buffer.writeStaticString("\r\n")
        }
        buffer.writeBytes(call.body)
    }

    static func isWorthKeeping(_ buffer: ByteBuffer) -> Bool { buffer.capacity <= keptCapacity }

    /// Methods whose requests normally have content say so even when there is none (RFC 9110 §8.6).
    private static func announcesEmptyBody(_ method: String) -> Bool {
        method == "POST" || method == "PUT" || method == "PATCH"
    }

    private func size(of call: ParticipantCall) -> Int {
        var bytes = call.method.utf8.count + call.baseURL.pathPrefix.utf8.count + call.path.utf8.count
        bytes += commonLines.utf8.count + call.body.count + 48
        for (name, value) in call.headers { bytes += name.utf8.count + value.utf8.count + 4 }
        return bytes
    }
}
