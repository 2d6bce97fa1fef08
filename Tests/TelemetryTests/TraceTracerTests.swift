import Core
import Testing

@testable import Telemetry

@Suite("Tracer")
struct TraceTracerTests {
    @Test("A span stays in its parent's trace; without one a new trace begins")
    func start() {
        let tracer = Tracer(sampler: .parentBased(root: .alwaysOn), queue: SpanQueue(capacity: 10, batch: 5))
        let root = tracer.start(parent: nil)
        #expect(root.isSampled)
        let child = tracer.start(parent: root, spanID: 7)
        #expect(child.traceID == root.traceID && child.spanID == 7 && child.isSampled)
        #expect(tracer.start(parent: nil).traceID != root.traceID)
        let unsampled = TraceContext(traceID: root.traceID, spanID: 1, isSampled: false, isRandom: true)
        #expect(!tracer.start(parent: unsampled).isSampled)
        #expect(tracer.start(parent: unsampled).isRandom)
    }

    @Test("A full queue drops the newest and counts them; unsampled spans count for nothing")
    func full() {
        let tracer = Tracer(sampler: .alwaysOn, queue: SpanQueue(capacity: 10, batch: 4))
        for _ in 0..<25 { tracer.record(.sample()) }
        tracer.record(.sample(isSampled: false))
        #expect(tracer.statistics == Tracer.Statistics(dropped: 15, queued: 10))
        #expect([tracer.queue.take().count, tracer.queue.take().count, tracer.queue.take().count] == [4, 4, 2])
    }

    @Test("Switched off it takes nothing")
    func disabled() {
        Tracer.disabled.record(.sample())
        #expect(!Tracer.disabled.isEnabled)
        #expect(Tracer.disabled.statistics == Tracer.Statistics())
    }

    @Test("Endless texts do not fill the memory")
    func texts() throws {
        let tracer = Tracer(sampler: .alwaysOn, queue: SpanQueue(capacity: 10, batch: 4))
        var span = SpanRecord.sample()
        span.error = String(repeating: "ä", count: 100_000)
        span.attributes = [("a", .string(String(repeating: "b", count: 100_000))), ("c", .string("d"))]
        tracer.record(span)
        let kept = try #require(tracer.queue.take().first)
        #expect(try #require(kept.error).utf8.count < 4200)
        guard case .string(let text) = kept.attributes[0].value else { throw CapturedLog.NoLine() }
        #expect(text.utf8.count < 4200)
        #expect(kept.attributes[1].value == .string("d"))
    }

    @Test("Many threads at once lose nothing but what is counted")
    func threads() async {
        let tracer = Tracer(sampler: .alwaysOn, queue: SpanQueue(capacity: 1000, batch: 100))
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<500 { tracer.record(.sample()) } } }
        }
        #expect(tracer.statistics.queued == 1000)
        #expect(tracer.statistics.dropped == 3000)
    }
}

extension SpanRecord {
    static func sample(name: String = "span", isSampled: Bool = true) -> SpanRecord {
        SpanRecord(
            name: name, kind: .internal,
            context: TraceContext(traceID: .random(), spanID: TraceContext.randomSpanID(), isSampled: isSampled),
            parentSpanID: nil, start: Instant(microseconds: 1_700_000_000_000_000),
            end: Instant(microseconds: 1_700_000_000_250_000))
    }
}
