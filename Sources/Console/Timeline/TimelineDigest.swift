internal import Core

/// Draws much as little: a history may have thousands of attempts, and a drawing that has them all shows none.
enum TimelineDigest {
    /// Rows with no more bars than are drawn, steps first, in the order in which they began; and what was left out of them.
    static func fewer(_ all: [TimelineRow]) -> (rows: [TimelineRow], omission: String?) {
        var (rows, said) = (all, [String]())
        if rows.count > RunTimeline.mostRows, rows.contains(where: { StepID.parts($0.stepID) != nil }) {
            rows = joined(rows)
            said.append("The elements of a list are drawn in one row.")
        }
        let count = rows.reduce(0) { $0 + $1.bars.count }
        if count > RunTimeline.mostBars {
            let each = max(1, RunTimeline.mostBars / rows.count)
            for place in rows.indices where rows[place].bars.count > each {
                rows[place].bars = merged(rows[place].bars, into: each)
                rows[place].isAggregated = true
            }
            said.append("Of \(count) bars those that are near to each other are drawn as one.")
        } else {
            // What is done side by side in one row has one bar.
            for place in rows.indices where overlap(rows[place].bars) {
                rows[place].bars = merged(rows[place].bars, into: rows[place].bars.count)
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

    /// Bars as so many at the most, parted where the longest gaps are. What overlaps is one.
    private static func merged(_ bars: [TimelineBar], into most: Int) -> [TimelineBar] {
        var groups: [[TimelineBar]] = []
        var end: Instant?
        for bar in bars {
            if let last = end, bar.from < last || (bar.from == last && bars.count > most) {
                groups[groups.count - 1].append(bar)
            } else {
                groups.append([bar])
            }
            end = max(end ?? bar.to, bar.to)
        }
        let apart = groups.map { one($0) }
        guard apart.count > most else { return apart }
        let gaps = zip(apart, apart.dropFirst()).map { $1.from - $0.to }
        let parted = Set(gaps.indices.sorted { (gaps[$1], $0) < (gaps[$0], $1) }.prefix(most - 1))
        var (merged, open) = ([TimelineBar](), [TimelineBar]())
        for (place, bar) in apart.enumerated() {
            open.append(bar)
            guard parted.contains(place) || place == apart.count - 1 else { continue }
            merged.append(one(open))
            open = []
        }
        return merged
    }

    private static func one(_ bars: [TimelineBar]) -> TimelineBar {
        guard bars.count > 1 else { return bars[0] }
        var bar = TimelineBar(.many, bars[0].from, bars.map(\.to).max() ?? bars[0].to)
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
