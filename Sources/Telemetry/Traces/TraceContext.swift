// Traces: which call belongs to which run, over processes and restarts. A `TraceContext` names a span and travels in
// `traceparent`; a `SpanRecord` is a span that has ended; the `Tracer` takes those in and never waits; `TraceExport`, a
// service of the process, sends them to a collector by OTLP over HTTP. Spans are told, never asked for: nothing in
// sagaflow depends on whether anybody listens.

/// A span's place in a trace, as `traceparent` carries it.
package struct TraceContext: Hashable, Sendable {
    package let traceID: TraceID
    /// Eight bytes, big-endian; never zero.
    package let spanID: UInt64
    /// Whether somebody keeps this trace.
    package let isSampled: Bool
    /// Whether the trace's id is known to be random (level 2, §3.2.2.5.2); handed on as it came.
    package let isRandom: Bool

    package init(traceID: TraceID, spanID: UInt64, isSampled: Bool, isRandom: Bool = false) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.isRandom = isRandom
    }

    /// Reads a `traceparent` by W3C trace context level 2, §3.2; nil for a malformed one, which the standard asks to
    /// ignore.
    ///
    /// Of a version above 00 the four fields known today are taken; it is written again as version 00.
    package init?(traceparent: String) {
        var text = traceparent
        guard let context = text.withUTF8({ Self.parse($0) }) else { return nil }
        self = context
    }

    /// `00-TRACEID-SPANID-FLAGS`, 55 characters.
    package var traceparent: String {
        String(unsafeUninitializedCapacity: 55) { buffer in
            buffer[0] = UInt8(ascii: "0")
            buffer[1] = UInt8(ascii: "0")
            buffer[2] = UInt8(ascii: "-")
            buffer[35] = UInt8(ascii: "-")
            buffer[52] = UInt8(ascii: "-")
            Hex.write(traceID.high, to: buffer, at: 3)
            Hex.write(traceID.low, to: buffer, at: 19)
            Hex.write(spanID, to: buffer, at: 36)
            buffer[53] = UInt8(ascii: "0")
            buffer[54] = UInt8(ascii: "0") + flags
            return 55
        }
    }

    /// The flags: 1 is sampled, 2 is random.
    var flags: UInt8 { (isSampled ? 1 : 0) | (isRandom ? 2 : 0) }

    /// A random id for a span.
    package static func randomSpanID() -> UInt64 { .random(in: 1 ... .max) }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> TraceContext? {
        let dash = UInt8(ascii: "-")
        // A later version may append fields behind a dash; nobody needs a header of more than 256 bytes.
        guard text.count == 55 || text.count > 55 && text.count <= 256 && text[55] == dash,
            text[2] == dash, text[35] == dash, text[52] == dash,
            let version = Hex.read(text[0..<2]), version != 0xFF, version != 0 || text.count == 55,
            let high = Hex.read(text[3..<19]), let low = Hex.read(text[19..<35]), high | low != 0,
            let span = Hex.read(text[36..<52]), span != 0,
            let flags = Hex.read(text[53..<55])
        else { return nil }
        return TraceContext(
            traceID: TraceID(high: high, low: low), spanID: span, isSampled: flags & 1 != 0, isRandom: flags & 2 != 0)
    }
}
