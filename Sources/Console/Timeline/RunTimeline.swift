// What a run did, over time: a row for each step, and, below a line, one for each compensation, as in its graph.
//
//   TimelineReader   bars and marks of a history      TimelineAxis     where a moment is; folds where nothing happens
//   TimelineBar      what they are                    TimelineDigest   how many of them are drawn

package import Core

/// A run's history as bars over time.
///
/// The drawing has classes and no colours: `graph.css` gives them. Its size is bounded, however long the history is:
/// where there are too many bars, those of a row are drawn as few, and the drawing says so. `data-axis` tells scripts
/// which moment is where: pixels and microseconds since 1970, in pairs.
package struct RunTimeline: Sendable {
    package let rows: [TimelineRow]
    package let rests: [TimelineRest]
    package let marks: [TimelineMark]
    package let axis: TimelineAxis
    /// What is not drawn one by one; nil when all is.
    package let omission: String?

    /// Bars that are drawn at the most, about.
    package static let mostBars = 600
    /// Rows at the most with which each element of a list has its own.
    package static let mostRows = 60
    /// Pixels of the whole drawing, and where the axis begins and ends in it.
    package static let width = 1180
    package static let left = 190
    package static let right = 1160

    /// - Parameters:
    ///   - events: of one run, oldest first.
    ///   - now: what goes on is drawn until then.
    package init(events: [TimelineEvent], now: Instant) {
        let read = TimelineReader(events, now: now)
        rests = read.rests
        let attempts = read.rows.flatMap { row in
            row.bars.filter { !$0.kind.isWait }.map { (from: $0.from, to: $0.acceptedAt ?? $0.to) }
        }
        let axis = TimelineAxis(
            moments: events.map(\.at) + [read.start, read.end], busy: attempts, left: Self.left, right: Self.right)
        self.axis = axis
        marks = TimelineDigest.near(read.marks, on: axis)
        (rows, omission) = TimelineDigest.fewer(read.rows, on: axis)
    }

    /// One sentence that says what is drawn.
    package var sentence: String {
        let forward = rows.filter { $0.lane == .forward }.count
        let undo = rows.count - forward
        var text = "Timeline of \(forward) \(forward == 1 ? "row" : "rows") of steps"
        if undo > 0 { text += " and \(undo) of compensations" }
        text += ", from \(axis.start.shortText) to \(axis.end.shortText)"
        let folds = axis.segments.filter(\.isFolded).count
        if folds > 0 { text += ", with \(folds) idle \(folds == 1 ? "stretch" : "stretches") folded" }
        return text + "." + (omission.map { " \($0)" } ?? "")
    }
}
