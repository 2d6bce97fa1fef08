package import Core

/// Which partitions to make and which to drop, decided from those there are: no clock, no database.
///
/// All times are those in run ids, which are the database's. What is dropped is judged once more by when it was started.
package struct PartitionPlan: Sendable, Hashable {
    /// To be made, earliest first.
    package let created: [RunPartition]
    /// To be dropped, runs before steps and events.
    package let dropped: [RunPartition]

    /// A partition's length can be any of these.
    private static let widths: [Duration] = [
        .seconds(3600), .seconds(6 * 3600), .seconds(86_400), .seconds(7 * 86_400), .seconds(28 * 86_400),
    ]

    /// How long a partition is: a quarter of the retention or less, so that what is past its time stays no longer than a
    /// quarter more, but never so short that statements have to look at dozens. Without retention: four weeks.
    package static func width(for retention: Duration?) -> Duration {
        guard let retention else { return widths[widths.count - 1] }
        return widths.last { $0 * 4 <= retention } ?? widths[0]
    }

    /// - Parameters:
    ///   - existing: what there is, of all tables.
    ///   - now: the database's clock.
    ///   - retention: what is wholly older than this is dropped; nil keeps everything.
    package init(existing: [RunPartition], now: Instant, retention: Duration?) {
        let width = Self.width(for: retention)
        var created: [RunPartition] = []
        for table in PartitionedTable.allCases {
            // What nobody has cut in time stays with the default partition, but for the stretch of now.
            let known = existing.filter { $0.table == table }.map(\.upper).max()
            var lower = max(known ?? .init(microseconds: .min), Self.floor(now, to: width))
            while lower < now + width {
                let upper = Self.floor(lower, to: width) + width
                created.append(RunPartition(table: table, lower: lower, upper: upper))
                lower = upper
            }
        }
        self.created = created.sorted { $0.lower < $1.lower }
        dropped = PartitionedTable.allCases.flatMap { table in
            existing.filter { $0.table == table && Self.isOver($0, now, retention) }.sorted { $0.lower < $1.lower }
        }
    }

    private static func isOver(_ partition: RunPartition, _ now: Instant, _ retention: Duration?) -> Bool {
        guard let retention else { return false }
        return partition.upper + retention <= now
    }

    private static func floor(_ time: Instant, to width: Duration) -> Instant {
        let length = width.microseconds
        return Instant(microseconds: time.microseconds / length * length)
    }
}
