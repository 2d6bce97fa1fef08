import Testing

@testable import Telemetry

@Suite("Sampling")
struct TraceSamplerTests {
    private static let id = TraceID(high: 1, low: 2)
    private static let sampled = TraceContext(traceID: id, spanID: 3, isSampled: true)
    private static let unsampled = TraceContext(traceID: id, spanID: 3, isSampled: false)

    @Test(
        "A parent decides where the sampler is based on it, and only there",
        arguments: [
            (Sampler.alwaysOn, true, true, true), (.alwaysOff, false, false, false),
            (.parentBased(root: .alwaysOn), true, false, true), (.parentBased(root: .alwaysOff), true, false, false),
            (.parentBased(root: .traceIDRatio(0)), true, false, false), (.traceIDRatio(1), true, true, true),
            (.traceIDRatio(0), false, false, false),
        ])
    func parents(sampler: Sampler, withSampled: Bool, withUnsampled: Bool, asRoot: Bool) {
        #expect(sampler.decide(parent: Self.sampled, traceID: Self.id) == withSampled)
        #expect(sampler.decide(parent: Self.unsampled, traceID: Self.id) == withUnsampled)
        #expect(sampler.decide(parent: nil, traceID: Self.id) == asRoot)
    }

    // What opentelemetry-go decides: (low >> 1) < ratio × 2^63.
    @Test(
        "A ratio compares the 63 bits that the other SDKs compare",
        arguments: [
            (0.5, 0x7FFF_FFFF_FFFF_FFFF, true), (0.5, 0x8000_0000_0000_0000, false),
            (0.25, 0x3FFF_FFFF_FFFF_FFFF, true),
            (0.25, 0x4000_0000_0000_0000, false), (0.1, 0, true), (0.9999, .max, false), (1, .max, true), (0, 0, false),
        ] as [(Double, UInt64, Bool)])
    func ratio(ratio: Double, low: UInt64, isKept: Bool) {
        #expect(Sampler.traceIDRatio(ratio).decide(parent: nil, traceID: TraceID(high: .max, low: low)) == isKept)
    }

    @Test("A ratio keeps about that share, and a higher one keeps all that a lower one does")
    func share() {
        let ids = (0..<20_000).map { _ in TraceID.random() }
        var before: Set<TraceID> = []
        for ratio in [0.01, 0.1, 0.5, 0.9] {
            let kept = Set(ids.filter { Sampler.traceIDRatio(ratio).decide(parent: nil, traceID: $0) })
            #expect(kept.isSuperset(of: before))
            // Five standard deviations.
            #expect(abs(Double(kept.count) - 20_000 * ratio) < 5 * (20_000 * ratio * (1 - ratio)).squareRoot())
            before = kept
        }
    }
}
