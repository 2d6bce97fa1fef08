internal import NIOCore

/// Writes calls to one origin as bytes: the lines that are the same for every call are made once.
struct RequestEncoder {
    /// A buffer that grew beyond this for one large request is not kept for the next.
    private static let keptCapacity = 16 * 1024

    /// Version and Host: what follows every request's path.
    private let hostLines: String
    /// The same, and what a call has unless it says something else: who calls, and that no answer can be read that is in
    /// a content coding; a server that is told nothing may send any (RFC 9110 §12.5.3).
    private let commonLines: String
    private static let agent = "user-agent: sagaflow\r\n"
    private static let coding = "accept-encoding: identity\r\n"

    init(origin: Origin) {
        hostLines = " HTTP/1.1\r\nhost: \(origin.hostHeader)\r\n"
        commonLines = hostLines + Self.agent + Self.coding
    }

    /// Replaces the buffer's content by the whole request. The call has passed `RequestRules`.
    func encode(_ call: ParticipantCall, into buffer: inout ByteBuffer) {
        buffer.clear(minimumCapacity: 0)
        buffer.reserveCapacity(size(of: call))
        buffer.writeString(call.method)
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeString(call.baseURL.pathPrefix)
        buffer.writeString(call.path)
        let (namesAgent, namesCoding) = Self.own(call.headers)
        if namesAgent || namesCoding {
            buffer.writeString(hostLines)
            if !namesAgent { buffer.writeString(Self.agent) }
            if !namesCoding { buffer.writeString(Self.coding) }
        } else {
            buffer.writeString(commonLines)
        }
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

    /// Whether headers of the call's own stand for the agent and for the codings accepted.
    private static func own(_ headers: [(String, String)]) -> (agent: Bool, coding: Bool) {
        var (agent, coding) = (false, false)
        for (name, _) in headers {
            switch (name.utf8.count, name.utf8.first) {
            case (10, UInt8(ascii: "u")), (10, UInt8(ascii: "U")): agent = agent || name.lowercased() == "user-agent"
            case (15, UInt8(ascii: "a")), (15, UInt8(ascii: "A")):
                coding = coding || name.lowercased() == "accept-encoding"
            default: break
            }
        }
        return (agent, coding)
    }

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
