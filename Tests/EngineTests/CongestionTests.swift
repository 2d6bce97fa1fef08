import Testing

@testable import Engine

@Suite("A tenant that needs little is spared the queue of another")
struct CongestionTests {
    /// Decisions that took so long, one interval after the other; the limits.
    private static func play(
        _ congestion: Congestion, _ took: [Duration?], from begin: ContinuousClock.Instant, capacity: Int = 1000
    ) -> [Int] {
        _ = congestion.limit(at: begin, capacity: capacity)
        return took.enumerated().map { index, took in
            if let took { congestion.stored(took: took) }
            return congestion.limit(at: begin + Congestion.interval * (index + 1), capacity: capacity)
        }
    }

    @Test(
        "as long as decisions are as quick as ever more runs are held, and fewer when they are not, never fewer than some"
    )
    func follows() {
        let congestion = Congestion()
        let limits = Self.play(
            congestion, Array(repeating: .milliseconds(1), count: 60) + Array(repeating: .milliseconds(5), count: 80),
            from: .now)
        #expect(limits[0] > Congestion.fewest && limits[59] == 1000)
        #expect(zip(limits[..<60], limits[1..<60]).allSatisfy { $0 <= $1 })
        #expect(limits[60] < 1000 && limits[139] == Congestion.fewest)
    }

    @Test("runs that wait for others store nothing: of these as many are held as there is room for")
    func waiting() {
        #expect(Self.play(Congestion(), Array(repeating: nil, count: 60), from: .now).last == 1000)
        #expect(Self.play(Congestion(), [nil], from: .now, capacity: 4) == [4])
    }

    @Test("between two changes, and while nobody is spared, nothing is counted")
    func rests() {
        let congestion = Congestion()
        congestion.stored(took: .microseconds(1))
        let begin = ContinuousClock.now
        #expect(congestion.limit(at: begin, capacity: 1000) == Congestion.fewest)
        #expect(congestion.limit(at: begin + .milliseconds(1), capacity: 1000) == Congestion.fewest)
        // Had the first one counted, this would be a thousand times as slow as the quickest.
        let limits = Self.play(congestion, [.microseconds(900), .microseconds(900)], from: begin + .seconds(1))
        #expect(limits[1] > Congestion.fewest)
        congestion.stop()
        #expect(congestion.limit(at: begin + .seconds(9), capacity: 1000) == Congestion.fewest, "it begins anew")
    }
}
