internal import Core

/// Draws much as little: a history may have thousands of attempts, and a drawing that has them all shows none.
enum TimelineDigest {
    /// Bars of one row that are drawn at the most.
    private static let mostInRow = 60

    /// Rows with no more bars than are drawn, steps first, in the order in which they began; and what was left out of
    /// them.
    static func fewer(_ all: [TimelineRow], on axis: TimelineAxis) -> (rows: [TimelineRow], omission: String?) {
        var (rows, said) = (all, [String]())
        if rows.count > RunTimeline.mostRows, rows.contains(where: { StepID.parts($0.stepID) != nil }) {
            rows = joined(rows)
            said.append("The elements of a list are drawn in one row.")
        }
        let count = rows.reduce(0) { $0 + $1.bars.count }
        if count > RunTimeline.mostBars {
            let each = max(1, RunTimeline.mostBars / rows.count)
            for place in rows.indices where rows[place].bars.count > each {
                rows[place].bars = merged(rows[place].bars, into: each, on: axis)
                rows[place].isAggregated = true
            }
            said.append("Of \(count) bars those that are near to each other are drawn as one.")
        } else {
            // What is done side by side in one row has one bar.
            for place in rows.indices where overlap(rows[place].bars) {
                rows[place].bars = merged(rows[place].bars, into: rows[place].bars.count, on: axis)
                rows[place].isAggregated = true
            }
        }
        let ordered = rows.filter { $0.lane == .forward } + rows.filter { $0.lane == .undo }
        return (ordered, said.isEmpty ? nil : said.joined(separator: " "))
    }

    /// The elements of a list in their step's row.
    private static func joined(_ rows: [TimelineRow]) -> [TimelineRow] {
        struct Key: Hashable {
            let stepID: String
            let lane: GraphLane
        }
        var (joined, places) = ([TimelineRow](), [Key: Int]())
        for row in rows {
            let key = Key(stepID: StepID.step(row.stepID), lane: row.lane)
            if let place = places[key] {
                joined[place].bars += row.bars
            } else {
                places[key] = joined.count
                joined.append(TimelineRow(stepID: key.stepID, lane: key.lane, bars: row.bars))
            }
        }
        for place in joined.indices { joined[place].bars.sort { ($0.from, $0.to) < ($1.from, $1.to) } }
        return joined
    }

    private static func overlap(_ bars: [TimelineBar]) -> Bool {
        zip(bars, bars.dropFirst()).contains { $1.from < $0.to }
    }

    /// Bars as so many at the most: those that begin near to each other on the axis are one, which ends where the
    /// next one begins, if not before.
    private static func merged(_ bars: [TimelineBar], into most: Int, on axis: TimelineAxis) -> [TimelineBar] {
        guard let first = bars.first, let last = bars.last else { return [] }
        let (left, right) = (axis.x(first.from), axis.x(last.from))
        let count = min(most, mostInRow)
        var (groups, slot) = ([[TimelineBar]](), -1)
        for bar in bars {
            let place = right > left ? Int((axis.x(bar.from) - left) / (right - left) * Double(count)) : 0
            if min(place, count - 1) == slot {
                groups[groups.count - 1].append(bar)
            } else {
                groups.append([bar])
                slot = min(place, count - 1)
            }
        }
        return groups.enumerated().map { place, group in
            one(group, before: place + 1 < groups.count ? groups[place + 1][0].from : nil)
        }
    }

    private static func one(_ bars: [TimelineBar], before next: Instant?) -> TimelineBar {
        let end = bars.map(\.to).max() ?? bars[0].to
        let isCut = next.map { $0 < end } ?? false
        guard bars.count > 1 || isCut else { return bars[0] }
        var bar = TimelineBar(.many, bars[0].from, min(end, next ?? end))
        // Waits between attempts are no attempts.
        bar.count = bars.reduce(0) { $0 + ($1.kind.isWait ? 0 : $1.count) }
        bar.failures = bars.reduce(0) { $0 + $1.failures }
        return bar
    }

    /// Marks of a kind that would cover each other are one.
    static func near(_ marks: [TimelineMark], on axis: TimelineAxis) -> [TimelineMark] {
        var (kept, last) = ([TimelineMark](), [TimelineMark.Kind: (place: Int, x: Double)]())
        for mark in marks {
            let x = axis.x(mark.at)
            if let before = last[mark.kind], x - before.x < 6 {
                kept[before.place].count += 1
            } else {
                last[mark.kind] = (kept.count, x)
                kept.append(mark)
            }
        }
        return kept
    }
}
