import Core
@testable import Storage
import Testing

@Suite("Which partitions are made and dropped")
struct PartitionPlanTests {
    private static let day = Duration.seconds(86_400)
    /// A Thursday, at which a week of partitions begins.
    private static let thursday = Instant(microseconds: 20_783 * 86_400_000_000)

    private func all(_ lower: Instant, _ upper: Instant) -> [RunPartition] {
        PartitionedTable.allCases.map { RunPartition(table: $0, lower: lower, upper: upper, name: "p") }
    }

    @Test(
        "A partition is a quarter of the retention or less, from an hour to four weeks",
        arguments: [
            (.seconds(3600), .seconds(3600)), (day, day / 4), (day * 4, day), (day * 27, day), (day * 30, day * 7),
            (day * 365, day * 28), (nil, day * 28),
        ] as [(Duration?, Duration)])
    func widths(retention: Duration?, width: Duration) {
        #expect(PartitionPlan.width(for: retention) == width)
    }

    @Test("There are always partitions for more than one width ahead, of all tables alike, without gap or overlap")
    func ahead() {
        var existing: [RunPartition] = []
        var now = Self.thursday + .seconds(5)
        for _ in 0..<40 {
            let plan = PartitionPlan(existing: existing, now: now, retention: Self.day * 30)
            existing += plan.created
            for table in PartitionedTable.allCases {
                let mine = existing.filter { $0.table == table }
                #expect(zip(mine, mine.dropFirst()).allSatisfy { $0.upper == $1.lower })
                #expect(mine.contains { $0.lower <= now && now < $0.upper })
                #expect(mine.last.map { $0.upper >= now + Self.day * 7 } == true)
            }
            now += .seconds(40 * 3600)
        }
        #expect(existing.count < 3 * 14)
        #expect(
            PartitionPlan(existing: existing, now: now - .seconds(40 * 3600), retention: Self.day * 30).created == [])
    }

    @Test("After a change of retention the next partition begins where the last one ends, and ends on the new grid")
    func newWidth() throws {
        let existing = all(Self.thursday, Self.thursday + Self.day * 7)
        let now = Self.thursday + Self.day * 6 + Self.day / 2
        let finer = PartitionPlan(existing: existing, now: now, retention: Self.day * 8)
        #expect(
            finer.created.first
                == RunPartition(
                    table: .runs, lower: Self.thursday + Self.day * 7, upper: Self.thursday + Self.day * 8))
        let coarser = PartitionPlan(existing: existing, now: now, retention: nil)
        let first = try #require(coarser.created.first)
        #expect(first.lower == Self.thursday + Self.day * 7)
        #expect(first.upper.microseconds % (Self.day * 28).microseconds == 0)
    }

    @Test("Weeks in which nobody made partitions are not made up for, except for the one that is now")
    func gap() {
        let existing = all(Self.thursday, Self.thursday + Self.day * 7)
        let plan = PartitionPlan(existing: existing, now: Self.thursday + Self.day * 30, retention: Self.day * 30)
        #expect(plan.created.map(\.lower).min() == Self.thursday + Self.day * 28)
        #expect(plan.created.count == 4)
    }

    @Test("What is wholly past the retention is dropped, runs first; nothing is without one")
    func dropped() {
        let old = all(Self.thursday, Self.thursday + Self.day * 7)
        let young = all(Self.thursday + Self.day * 7, Self.thursday + Self.day * 14)
        let now = Self.thursday + Self.day * 37
        let plan = PartitionPlan(existing: young + old, now: now, retention: Self.day * 30)
        #expect(plan.dropped == old)
        #expect(plan.dropped.map(\.table) == [.runs, .journal])
        #expect(PartitionPlan(existing: old, now: now - .seconds(1), retention: Self.day * 30).dropped == [])
        #expect(PartitionPlan(existing: old, now: now, retention: nil).dropped == [])
    }

    @Test("A table that lags behind the others is brought up to them")
    func oneTableMissing() {
        let existing = all(Self.thursday, Self.thursday + Self.day * 14).filter { $0.table != .journal }
        let plan = PartitionPlan(existing: existing, now: Self.thursday + Self.day, retention: Self.day * 30)
        #expect(Set(plan.created.map(\.table)) == [.journal])
    }
}
