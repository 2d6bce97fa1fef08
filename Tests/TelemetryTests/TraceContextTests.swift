import Telemetry
import Testing

@Suite("Trace context")
struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    @Test(
        "A well-formed traceparent is taken over and handed on as version 00",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "01"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "00"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", "03"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", "03"),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "01"),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", "01"),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", "01"),
        ])
    func good(text: String, flags: String) throws {
        let context = try #require(TraceContext(traceparent: text))
        #expect(context.traceID.description == Self.trace)
        #expect(context.spanID == 0xb7ad_6b71_6920_3331)
        #expect(context.isSampled == (flags != "00"))
        #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-\(flags)")
        #expect(TraceContext(traceparent: context.traceparent) == context)
    }

    @Test(
        "A malformed one is ignored",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-001",
            "ff-\(trace)-\(span)-01", "0-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more", "00-\(trace)-\(span)-01-",
            "cc-\(trace)-\(span)-01.more", "00-\(trace.uppercased())-\(span)-01", "00-\(trace)-\(span.uppercased())-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            "00_\(trace)-\(span)-01",
            "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01", " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-0g",
            "00-\(trace.dropLast())g-\(span)-01", "gg-\(trace)-\(span)-01", "00-\(trace)-\(span.dropLast())é-0",
            "cc-\(trace)-\(span)-01-" + String(repeating: "x", count: 300),
        ])
    func bad(text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test("New ids are valid and differ")
    func random() {
        #expect(Set((0..<1000).map { _ in TraceID.random() }).count == 1000)
        #expect(Set((0..<1000).map { _ in TraceContext.randomSpanID() }).count == 1000)
    }
}
