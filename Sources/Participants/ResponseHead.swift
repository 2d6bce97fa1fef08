internal import Basics

/// The few facts of an answer's head that anything depends on; every other header is checked for form and forgotten.
struct ResponseHead {
    var status = 0
    /// The 0 or 1 of `HTTP/1.x`.
    var minorVersion = 1
    var contentLength: Int?
    var isChunked = false
    var retryAfter: String?
    var contentType: String?
    /// The body is in a content coding (`gzip` and the like).
    private(set) var isEncoded = false
    /// Seconds after which the server says it closes an idle connection (`Keep-Alive: timeout=5`).
    var keepAliveTimeout: Int?
    /// Names, in lower case, of the headers that are kept in `headers`.
    var wanted: [String] = []
    private(set) var headers: [String: String] = [:]
    private var saysClose = false
    private var saysKeepAlive = false

    var isInformational: Bool { status < 200 }
    /// Anything but a success is decided by its status.
    var isDecisive: Bool { status >= 300 }

    /// Whether the server means to read another request on this connection.
    var keepsAlive: Bool { !saysClose && (minorVersion == 1 || saysKeepAlive) }

    /// Reads `HTTP/1.1 200 OK`.
    mutating func readStatusLine(_ line: Span<UInt8>) throws(ParseFault) {
        guard line.count >= 12, line.extracting(0..<7).equalsIgnoringCase("http/1."), line[0] == UInt8(ascii: "H"),
            line[7] == UInt8(ascii: "0") || line[7] == UInt8(ascii: "1"), line[8] == 0x20,
            line.count == 12 || line[12] == 0x20
        else { throw .malformed("the status line is not HTTP/1.1") }
        try Self.checkText(line.extracting(12..<line.count))
        minorVersion = Int(line[7] - 0x30)
        status = 0
        for index in 9..<12 {
            guard line[index].isDigit else { throw .malformed("the status is not a number") }
            status = status * 10 + Int(line[index] - 0x30)
        }
        guard status >= 100 else { throw .malformed("the status is out of range") }
    }

    /// Reads `name: value`, checks both and keeps what matters.
    mutating func readField(_ line: Span<UInt8>) throws(ParseFault) {
        let (name, value) = try Self.checkField(line)
        try keep(name: line.extracting(name), value: line.extracting(value))
        if !wanted.isEmpty { keepWanted(line.extracting(name), line.extracting(value)) }
    }

    private mutating func keepWanted(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        for wanted in wanted where wanted.utf8.count == name.count && name.isLowercased(wanted) {
            let before = headers[wanted]
            headers[wanted] = before.map { "\($0), \(value.text)" } ?? value.text
            return
        }
    }

    /// Checks the form of `name: value` and tells where both are in the line, without the blanks around the value.
    static func checkField(_ line: Span<UInt8>) throws(ParseFault) -> (name: Range<Int>, value: Range<Int>) {
        var colon = 0
        while colon < line.count, line[colon] != UInt8(ascii: ":") {
            guard line[colon].isTokenCharacter else { throw .malformed("a header name is not a token") }
            colon += 1
        }
        guard colon > 0, colon < line.count else { throw .malformed("a header line has no name") }
        var (start, end) = (colon + 1, line.count)
        while start < end, line[start].isBlank { start += 1 }
        while end > start, line[end - 1].isBlank { end -= 1 }
        try checkText(line.extracting(start..<end))
        return (0..<colon, start..<end)
    }

    private static func checkText(_ text: Span<UInt8>) throws(ParseFault) {
        for index in text.indices where text[index].isForbiddenInHeaderValue {
            throw .malformed("the head holds a control character")
        }
    }

    private mutating func keep(name: Span<UInt8>, value: Span<UInt8>) throws(ParseFault) {
        switch name.count {
        case 10 where name.equalsIgnoringCase("connection"):
            readConnection(value)
        case 10 where name.equalsIgnoringCase("keep-alive"):
            readKeepAlive(value)
        case 11 where name.equalsIgnoringCase("retry-after"):
            if retryAfter == nil, value.count <= 64 { retryAfter = value.text }
        case 12 where name.equalsIgnoringCase("content-type"):
            if contentType == nil { contentType = Self.contentType(value) }
        case 14 where name.equalsIgnoringCase("content-length"):
            try readContentLength(value)
        case 16 where name.equalsIgnoringCase("content-encoding"):
            isEncoded = isEncoded || !(value.isEmpty || value.equalsIgnoringCase("identity"))
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            guard !isChunked, value.equalsIgnoringCase("chunked") else {
                throw .malformed("the transfer encoding is not chunked alone")
            }
            isChunked = true
        default:
            break
        }
    }

    /// The literals cost no allocation, and they are what participants answer.
    private static func contentType(_ value: Span<UInt8>) -> String {
        if value.equalsIgnoringCase("application/json") { return "application/json" }
        if value.equalsIgnoringCase("application/json; charset=utf-8") { return "application/json; charset=utf-8" }
        return value.text
    }

    private mutating func readContentLength(_ value: Span<UInt8>) throws(ParseFault) {
        guard (1...18).contains(value.count) else { throw .malformed("the content length is not a number") }
        var length = 0
        for index in value.indices {
            guard value[index].isDigit else { throw .malformed("the content length is not a number") }
            length = length * 10 + Int(value[index] - 0x30)
        }
        guard contentLength == nil || contentLength == length else { throw .malformed("there are two content lengths") }
        contentLength = length
    }

    private mutating func readConnection(_ value: Span<UInt8>) {
        forEachToken(in: value) { token, head in
            if token.equalsIgnoringCase("close") { head.saysClose = true }
            if token.equalsIgnoringCase("keep-alive") { head.saysKeepAlive = true }
        }
    }

    private mutating func readKeepAlive(_ value: Span<UInt8>) {
        forEachToken(in: value) { token, head in
            guard token.count > 8, token.count <= 14, token.extracting(0..<8).equalsIgnoringCase("timeout=") else {
                return
            }
            var seconds = 0
            for index in 8..<token.count {
                guard token[index].isDigit else { return }
                seconds = seconds * 10 + Int(token[index] - 0x30)
            }
            head.keepAliveTimeout = seconds
        }
    }

    /// Calls `body` with each element of a comma-separated list.
    private mutating func forEachToken(in value: Span<UInt8>, _ body: (Span<UInt8>, inout ResponseHead) -> Void) {
        var start = 0
        while start < value.count {
            var end = start
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while first < last, value[first].isBlank { first += 1 }
            while last > first, value[last - 1].isBlank { last -= 1 }
            body(value.extracting(first..<last), &self)
            start = end + 1
        }
    }
}

/// Why an answer cannot be used.
enum ParseFault: Error, Hashable {
    /// Completes the sentence "The answer is malformed: …".
    case malformed(String)
    case tooLarge
}
