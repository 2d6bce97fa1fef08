@testable import CLI
import Testing

@Suite("A live stream is taken apart rightly, wherever it is cut")
struct ServerSentEventTests {
    private static let stream =
        ": run 1\n\nid: 1\nevent: run_started\ndata: {\"a\": 1}\n\n:\n\nid: 2\ndata: x\ndata: y\n\n"
    private static let events = [
        ServerSentEvents.Event(id: "1", data: "{\"a\": 1}"), ServerSentEvents.Event(id: "2", data: "x\ny"),
    ]

    @Test("Cut at every byte, the events are the same", arguments: ["\n", "\r\n", "\r"])
    func cuts(lineEnd: String) {
        let bytes = Array(Self.stream.replacing("\n", with: lineEnd).utf8)
        for cut in 0...bytes.count {
            var parser = ServerSentEvents()
            let found = parser.feed(bytes[..<cut]) + parser.feed(bytes[cut...])
            #expect(found == Self.events, "cut at \(cut)")
        }
    }

    @Test("An event that was not finished is none")
    func unfinished() {
        var parser = ServerSentEvents()
        #expect(parser.feed("id: 1\ndata: {}\n".utf8).isEmpty)
        #expect(parser.feed("\n".utf8) == [ServerSentEvents.Event(id: "1", data: "{}")])
    }
}
