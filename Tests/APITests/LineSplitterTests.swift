import NIOCore
import Testing

@testable import API

@Suite("A body is taken apart into lines rightly, wherever it is cut")
struct LineSplitterTests {
    private static let body = "one\ntwo\r\n\n  \t\r\nfifth\r\r\n" + "0123456789\n" + "01234567890\r\n" + "last"
    private static let expected = [
        whole(1, "one"), whole(2, "two"), whole(5, "fifth\r"), whole(6, "0123456789"), .tooLong(number: 7),
        whole(8, "last"),
    ]

    private static func whole(_ number: Int, _ text: String) -> LineSplitter.Line {
        .whole(number: number, ByteBuffer(string: text))
    }

    private static func split(_ pieces: [some Sequence<UInt8>]) -> [LineSplitter.Line] {
        var splitter = LineSplitter(maxBytes: 10)
        var lines: [LineSplitter.Line] = []
        for piece in pieces {
            splitter.feed(ByteBuffer(bytes: piece))
            while let line = splitter.next() { lines.append(line) }
        }
        if let last = splitter.finish() { lines.append(last) }
        return lines
    }

    @Test("Cut at every byte, the lines are the same")
    func cuts() {
        let bytes = Array(Self.body.utf8)
        for cut in 0...bytes.count {
            #expect(Self.split([bytes[..<cut], bytes[cut...]]) == Self.expected, "cut at \(cut)")
        }
        #expect(Self.split(bytes.map { [$0] }) == Self.expected)
    }

    @Test("A byte order mark before the first line is no part of it, and anywhere else it is")
    func byteOrderMark() {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = mark + Array("0123456789\r\n".utf8) + mark + Array("\n".utf8)
        let expected = [Self.whole(1, "0123456789"), .whole(number: 2, ByteBuffer(bytes: mark))]
        for cut in 0...bytes.count {
            #expect(Self.split([bytes[..<cut], bytes[cut...]]) == expected, "cut at \(cut)")
        }
        #expect(Self.split([mark]) == [])
        #expect(Self.split([mark + Array("01234567890".utf8)]) == [.tooLong(number: 1)])
        #expect(Self.split(["0123456789012".utf8]) == [.tooLong(number: 1)])
    }

    @Test("A line that is too long is told once, as soon as that is known, and the next one is read")
    func tooLong() {
        var splitter = LineSplitter(maxBytes: 10)
        splitter.feed(ByteBuffer(string: "\n" + String(repeating: "x", count: 12)))
        #expect(splitter.next() == .tooLong(number: 2))
        for _ in 0..<100 {
            splitter.feed(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1000))
            #expect(splitter.next() == nil)
        }
        splitter.feed(ByteBuffer(string: "x\nnext\n"))
        #expect(splitter.next() == Self.whole(3, "next"))
        #expect(splitter.next() == nil)
        #expect(splitter.finish() == nil)
    }
}
