import Core
import Logging
import Storage
import Testing

@Suite("Runs are dated by the database's clock, whatever the machine's shows")
struct DatabaseClockTests {
    private static let time = Instant(microseconds: 1_790_000_000_000_000)

    private func clock() -> (DatabaseClock, Lines) {
        let lines = Lines()
        return (DatabaseClock(logger: Logger(label: "clock") { _ in lines.handler }), lines)
    }

    @Test(
        "Its time goes on from the last look; a machine's clock that is off is told of, once it is off by more than 5 s",
        arguments: [(0, 0), (4_900, 0), (-4_900, 0), (5_100, 1), (-5_100, 1), (-40 * 86_400_000, 1)])
    func offset(milliseconds: Int, warnings: Int) throws {
        let (clock, lines) = clock()
        #expect(clock.now == nil && clock.offset == nil && clock.offsetMilliseconds == .null)
        let seen = Self.time + .milliseconds(milliseconds)
        for _ in 0..<3 { clock.saw(seen, asked: .now, machine: Self.time) }
        let off = try #require(clock.offset) - .milliseconds(milliseconds)
        #expect(off > .milliseconds(-50) && off < .milliseconds(50))
        let now = try #require(clock.now)
        #expect(now >= seen && now < seen + .seconds(1))
        #expect(lines.all.count == warnings, "\(lines.all)")
    }

    @Test("An answer that took long does not replace one that did not")
    func slow() throws {
        let (clock, _) = clock()
        clock.saw(Self.time + .seconds(60), asked: .now - .seconds(3), machine: Self.time)
        #expect(try #require(clock.now) > Self.time + .seconds(60), "the first is taken in any case")
        clock.saw(Self.time, asked: .now, machine: Self.time)
        clock.saw(Self.time + .seconds(60), asked: .now - .seconds(3), machine: Self.time)
        #expect(try #require(clock.now) < Self.time + .seconds(30))
    }
}
