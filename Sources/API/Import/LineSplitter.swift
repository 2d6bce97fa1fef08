import NIOCore

/// Takes a body apart into lines, holding no more of it than the piece that came last and the beginning of one line.
///
/// A line ends with LF or CRLF, the last one also with the body. Lines without anything but blanks are counted and left
/// out. Of one that is too long nothing is kept: its bytes are skipped as they come. A byte order mark before the first line,
/// as some programs write it, is no part of it.
struct LineSplitter {
    enum Line: Hashable {
        /// Without its end.
        case whole(number: Int, ByteBuffer)
        case tooLong(number: Int)
    }

    /// Bytes in a line, its end not counted.
    let maxBytes: Int
    private var piece = ByteBuffer()
    private var beginning = ByteBuffer()
    private var number = 1
    private var isSkipping = false
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    init(maxBytes: Int) { self.maxBytes = maxBytes }

    /// Takes the next piece of the body. The lines of the one before must have been taken out.
    mutating func feed(_ next: ByteBuffer) {
        precondition(piece.readableBytes == 0, "lines are left")
        piece = next
    }

    /// The next line that is complete, or known to be too long; nil when more of the body is needed.
    mutating func next() -> Line? {
        while piece.readableBytes > 0 {
            let view = piece.readableBytesView
            let end = view.firstIndex(of: UInt8(ascii: "\n"))
            let length = view.distance(from: view.startIndex, to: end ?? view.endIndex)
            guard let part = piece.readSlice(length: length) else { preconditionFailure("the bytes are there") }
            if end != nil { piece.moveReaderIndex(forwardBy: 1) }
            if let line = take(part, isEnd: end != nil) { return line }
        }
        // Of a piece that is used up nothing is kept alive.
        piece = ByteBuffer()
        return nil
    }

    /// The last line, when the body ended without a line's end.
    mutating func finish() -> Line? { take(ByteBuffer(), isEnd: true) }

    private mutating func take(_ part: ByteBuffer, isEnd: Bool) -> Line? {
        defer {
            if isEnd {
                number += 1
                isSkipping = false
                beginning = ByteBuffer()
            }
        }
        if isSkipping { return nil }
        var part = part
        // One byte more may be the CR of a CRLF, three more a byte order mark.
        let limit = maxBytes + 1 + (number == 1 ? Self.byteOrderMark.count : 0)
        guard beginning.readableBytes + part.readableBytes <= limit else { return skip() }
        if !isEnd {
            beginning.writeBuffer(&part)
            return nil
        }
        var line = part
        if beginning.readableBytes > 0 {
            line = beginning
            line.writeBuffer(&part)
        }
        if number == 1, line.readableBytesView.starts(with: Self.byteOrderMark) {
            line.moveReaderIndex(forwardBy: Self.byteOrderMark.count)
        }
        if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
        guard line.readableBytes <= maxBytes else { return skip() }
        let isBlank = line.readableBytesView.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return isBlank ? nil : .whole(number: number, line)
    }

    private mutating func skip() -> Line {
        isSkipping = true
        beginning = ByteBuffer()
        return .tooLong(number: number)
    }
}
