import NIOCore

/// Where the HTTP/1.1 message at the front of a buffer ends: as much of HTTP as a benchmark between friends needs.
///
/// Messages are expected to carry `content-length`, or no body; everything else about the head is left unread.
struct HTTPFrame {
    /// Bytes up to and including the empty line.
    let headLength: Int
    /// Bytes after it.
    let bodyLength: Int

    /// Nil while the message is not complete.
    init?(_ buffer: ByteBuffer) {
        var head: Int?
        var body = 0
        let count = buffer.readableBytes
        buffer.withUnsafeReadableBytes { bytes in
            var line = 0
            var index = 0
            while index < count {
                guard bytes[index] == UInt8(ascii: "\n") else {
                    index += 1
                    continue
                }
                if index - line <= 1 {
                    head = index + 1
                    return
                }
                if let length = Self.contentLength(bytes, line: line, end: index) { body = length }
                index += 1
                line = index
            }
        }
        guard let head, head + body <= count else { return nil }
        headLength = head
        bodyLength = body
    }

    /// Told from its letters 0, 7, 8 and 14, which no other header shares.
    private static func contentLength(_ bytes: UnsafeRawBufferPointer, line: Int, end: Int) -> Int? {
        guard end - line > 16, bytes[line] | 0x20 == UInt8(ascii: "c"), bytes[line + 7] == UInt8(ascii: "-"),
            bytes[line + 8] | 0x20 == UInt8(ascii: "l"), bytes[line + 14] == UInt8(ascii: ":")
        else { return nil }
        var value = 0
        for index in (line + 15)..<end where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) {
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }
}

extension ByteBuffer {
    /// The status of the response at the front: the digits behind "HTTP/1.1 ".
    var responseStatus: Int? {
        guard let digits = getBytes(at: readerIndex + 9, length: 3) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

/// The one header a load generator cares for.
enum RetryAfterLine {
    /// What `Retry-After` of this head says; nil when there is none that can be read.
    static func seconds(_ head: String) -> Int64? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("retry-after:") {
            let value = line.dropFirst("retry-after:".count).drop { $0 == " " }
            if let seconds = Int64(value), seconds >= 0 { return seconds }
        }
        return nil
    }
}
