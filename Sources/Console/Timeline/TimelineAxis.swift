package import Core

/// Where in a drawing a moment is: time goes on evenly, but for stretches in which nothing happens. Those are folded,
/// each into the same narrow place, however long it was.
package struct TimelineAxis: Sendable, Hashable {
    /// A stretch between two moments.
    package struct Segment: Sendable, Hashable {
        package let from: Instant
        package let to: Instant
        /// In pixels.
        package let left: Double
        package let right: Double
        package let isFolded: Bool
    }

    /// One after the other, from the first moment to the last.
    package let segments: [Segment]

    /// What is folded at most.
    static let mostFolds = 24
    /// What is shorter is never folded: a break in the axis says more than it saves.
    static let shortestFold = Duration.seconds(1)
    /// The same where something is done.
    static let shortestBusyFold = Duration.seconds(30)

    /// - Parameters:
    ///   - moments: at which something happens, the first and the last among them; in any order.
    ///   - busy: stretches in which something is done.
    ///   - left: in pixels.
    package init(moments: [Instant], busy: [(from: Instant, to: Instant)], left: Int, right: Int) {
        let moments = Set(moments).sorted()
        guard let first = moments.first, let last = moments.last, first < last else {
            let only = moments.first ?? Instant(microseconds: 0)
            segments = [Segment(from: only, to: only, left: Double(left), right: Double(right), isFolded: false)]
            return
        }
        let folded = Self.folds(moments, busy)
        let whole = Double((last - first).microseconds)
        let hidden = folded.reduce(0.0) { $0 + Double((moments[$1 + 1] - moments[$1]).microseconds) }
        let foldWidth = folded.isEmpty ? 0 : max(16, min(44, 420 / Double(folded.count)))
        let scale = (Double(right - left) - foldWidth * Double(folded.count)) / (whole - hidden)
        var (segments, x, from) = ([Segment](), Double(left), first)
        func add(_ to: Instant, _ width: Double, isFolded: Bool) {
            segments.append(Segment(from: from, to: to, left: x, right: x + width, isFolded: isFolded))
            (from, x) = (to, x + width)
        }
        for gap in folded.sorted() {
            let (start, end) = (moments[gap], moments[gap + 1])
            if from < start { add(start, Double((start - from).microseconds) * scale, isFolded: false) }
            add(end, foldWidth, isFolded: true)
        }
        if from < last { add(last, Double((last - from).microseconds) * scale, isFolded: false) }
        self.segments = segments
    }

    /// Which stretches between two moments are folded: those that would leave the rest no room.
    private static func folds(_ moments: [Instant], _ busy: [(from: Instant, to: Instant)]) -> [Int] {
        let gaps = moments.indices.dropLast().map { (place: $0, length: moments[$0 + 1] - moments[$0]) }
        // How many are at work from each moment on.
        var changes: [Instant: Int] = [:]
        for stretch in busy where stretch.from < stretch.to {
            changes[stretch.from, default: 0] += 1
            changes[stretch.to, default: 0] -= 1
        }
        var (atWork, isBusy) = (0, [Bool]())
        for moment in moments {
            atWork += changes[moment] ?? 0
            isBusy.append(atWork > 0)
        }
        let work = gaps.reduce(Duration.zero) { $0 + (isBusy[$1.place] ? $1.length : .zero) }
        var rest = gaps.reduce(Duration.zero) { $0 + $1.length }
        var folded: [Int] = []
        for gap in gaps.sorted(by: { ($1.length, $0.place) < ($0.length, $1.place) }) {
            guard folded.count < mostFolds, gap.length >= shortestFold, gap.length < rest else { break }
            // A long call is what one wants to see, unless nothing else is to be seen beside it.
            let isTooLong =
                isBusy[gap.place]
                ? gap.length >= shortestBusyFold && gap.length > (rest - gap.length) * 10 : gap.length * 4 > work
            guard isTooLong else { continue }
            folded.append(gap.place)
            rest -= gap.length
        }
        return folded
    }

    package var start: Instant { segments[0].from }
    package var end: Instant { segments[segments.count - 1].to }

    /// Where a moment is; what is before or after all is at the ends.
    package func x(_ moment: Instant) -> Double {
        var (low, high) = (0, segments.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].to < moment { low = middle + 1 } else { high = middle }
        }
        let segment = segments[low]
        guard segment.from < segment.to, moment > segment.from else { return segment.left }
        let part = Double((min(moment, segment.to) - segment.from).microseconds)
        return segment.left + (segment.right - segment.left) * part / Double((segment.to - segment.from).microseconds)
    }
}
