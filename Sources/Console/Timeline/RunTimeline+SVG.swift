internal import Core

extension RunTimeline {
    private static let rowHeight = 22
    private static let barHeight = 14
    private static let head = 44
    private static let laneGap = 34

    private var forward: [TimelineRow] { rows.filter { $0.lane == .forward } }
    private var undo: [TimelineRow] { rows.filter { $0.lane == .undo } }

    /// The line between steps and compensations; nil where nothing was undone.
    private var divider: Int? {
        undo.isEmpty ? nil : Self.head + forward.count * Self.rowHeight + Self.laneGap / 2
    }

    private var bottom: Int { Self.head + rows.count * Self.rowHeight + (undo.isEmpty ? 0 : Self.laneGap) }

    private func y(_ row: Int) -> Int {
        Self.head + row * Self.rowHeight + (row >= forward.count ? Self.laneGap : 0)
    }

    private func x(_ moment: Instant) -> Int { Int(axis.x(moment).rounded()) }

    /// The drawing.
    package var svg: HTML {
        let height = bottom + (omission == nil ? 12 : 30)
        let note: HTML =
            omission.map { #"<text class="note" x="\#(Self.left)" y="\#(height - 8)">\#($0)</text>"# } ?? .empty
        return #"""
            <svg class="timeline" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Self.width) \#(height)" \#
            width="\#(Self.width)" height="\#(height)" role="img" aria-label="\#(sentence)" data-axis="\#(axisData)" \#
            data-top="\#(Self.head)" data-bottom="\#(bottom)">\#(Self.patterns)\#(ticks)\#(folds)\#(rests.map { rest($0) })\#
            \#(lane)<g class="rows">\#(rows.enumerated().map { row($0.element, $0.offset) })</g>\#
            <g class="marks">\#(marks.map { mark($0) })</g>\#(note)</svg>
            """#
    }

    private var axisData: String {
        let ends = axis.segments.map { "\(Int($0.left.rounded())):\($0.from.microseconds)" }
        return (ends + ["\(Self.right):\(axis.end.microseconds)"]).joined(separator: " ")
    }

    private static let patterns: HTML = """
        <defs><pattern id="timeline-wait" class="p-wait" width="6" height="6" patternUnits="userSpaceOnUse" \
        patternTransform="rotate(45)"><path d="M0 0v6"/></pattern><pattern id="timeline-paused" class="p-paused" width="8" \
        height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path d="M0 0v8"/></pattern>\
        <pattern id="timeline-person" class="p-person" width="8" height="8" patternUnits="userSpaceOnUse" \
        patternTransform="rotate(-45)"><path d="M0 0v8"/></pattern></defs>
        """

    // MARK: The axis

    /// The clock's time where the axis begins and after each fold, and lines at round times since then.
    private var ticks: HTML {
        var (html, freeClock) = (HTML.empty, 0)
        for (place, segment) in axis.segments.enumerated() where !segment.isFolded {
            let left = Int(segment.left.rounded())
            let time = TimelineWords.clock(segment.from)
            let clock = place == 0 ? "\(TimelineWords.day(segment.from)) \(time) UTC" : time
            let width = FittedText.width(of: clock, size: 10)
            if left >= freeClock, left + width < Self.right {
                html +=
                    #"<text class="clock" x="\#(left)" y="12" data-at="\#(segment.from.shortText)">\#(clock)</text>"#
                freeClock = left + width + 10
            }
            html += ticks(in: segment)
        }
        return #"<g class="axis">\#(html)</g>"#
    }

    private func ticks(in segment: TimelineAxis.Segment) -> HTML {
        let (left, right) = (Int(segment.left.rounded()), Int(segment.right.rounded()))
        guard right - left > 20, segment.from < segment.to else { return .empty }
        let step = TimelineWords.step(atLeast: (segment.to - segment.from) * 76 / (right - left))
        var (html, since) = (HTML.empty, Duration.zero)
        while segment.from + since <= segment.to {
            let x = x(segment.from + since)
            let text = since == .zero ? "0" : "+\(TimelineWords.length(since))"
            let half = FittedText.width(of: text, size: 10) / 2
            html += #"<path class="tick" d="M\#(x) 34V\#(bottom)"/>"#
            // Beside a fold stands how long that is.
            if since > .zero ? x + half <= right + (right == Self.right ? 12 : -4) : left == Self.left {
                html += #"<text class="since" x="\#(x)" y="29">\#(text)</text>"#
            }
            since += step
        }
        return html
    }

    private var folds: HTML {
        let folds = axis.segments.filter(\.isFolded).map { segment -> HTML in
            let (left, right) = (Int(segment.left.rounded()), Int(segment.right.rounded()))
            let length = TimelineWords.length(segment.to - segment.from)
            let middle = (left + right) / 2
            // Where there is no room for the words they are in the title alone.
            let words: HTML = right - left >= 34 ? #"<text x="\#(middle)" y="29">\#(length)</text>"# : .empty
            return #"""
                <g class="fold"><title>\#(length) folded, from \#(TimelineWords.exact(segment.from)) to \#
                \#(TimelineWords.exact(segment.to))</title><rect x="\#(left)" y="34" width="\#(right - left)" \#
                height="\#(bottom - 34)"/>\#
                <path d="M\#(left) 34V\#(bottom)M\#(right) 34V\#(bottom)"/>\#
                <path class="break" d="M\#(middle - 5) 42l4-10M\#(middle + 1) 42l4-10"/>\#
                \#(words)</g>
                """#
        }
        return #"<g class="folds">\#(folds)</g>"#
    }

    private var lane: HTML {
        guard let divider else { return .empty }
        return #"""
            <g class="lanes"><rect class="lane" x="0" y="\#(divider)" width="\#(Self.width)" \#
            height="\#(bottom - divider + 4)" rx="8"/>\#
            <path class="divider" d="M0 \#(divider)H\#(Self.width)"/>\#
            <text class="lane-name" x="8" y="\#(divider + 12)">← undo</text></g>
            """#
    }

    // MARK: Rows

    private func row(_ row: TimelineRow, _ place: Int) -> HTML {
        let y = y(place)
        let name = FittedText(row.stepID, width: Self.left - 24, size: 12)
        return #"""
            <g class="row" data-step="\#(row.stepID)" data-lane="\#(row.lane.rawValue)"><title>\#(row.stepID)</title>\#
            <text class="id" x="8" y="\#(y + 15)">\#(name.shown)</text>\#
            <path class="rule" d="M\#(Self.left) \#(y + Self.rowHeight)H\#(Self.right)"/>\#
            \#(row.bars.map { bar($0, row, y + (Self.rowHeight - Self.barHeight) / 2) })</g>
            """#
    }

    private func bar(_ bar: TimelineBar, _ row: TimelineRow, _ y: Int) -> HTML {
        let (left, width) = extent(bar.from, bar.to)
        let title = title(bar, row)
        if bar.kind.isWait {
            return #"""
                <rect class="bar wait" fill="url(#timeline-wait)" x="\#(left)" y="\#(y + 3)" width="\#(width)" \#
                height="\#(Self.barHeight - 6)"><title>\#(title)</title></rect>
                """#
        }
        var inside = HTML.empty
        if let accepted = bar.acceptedAt {
            let (from, rest) = extent(accepted, bar.to)
            inside +=
                #"<rect class="accepted" fill="url(#timeline-wait)" x="\#(from)" y="\#(y)" width="\#(rest)" height="\#(Self.barHeight)"/>"#
        }
        let words = Self.words(in: bar)
        if FittedText.width(of: words, size: 10, isBold: true) + 6 <= width {
            inside += #"<text class="said" x="\#(left + width / 2)" y="\#(y + 11)">\#(words)</text>"#
        }
        if bar.kind == .lost {
            inside += #"<path class="lost-end" d="M\#(left + width) \#(y - 3)v\#(Self.barHeight + 6)"/>"#
        }
        let failures = bar.kind == .many && bar.failures > 0 ? " failures" : ""
        return #"""
            <g class="bar b-\#(bar.kind.rawValue)\#(failures)" data-from="\#(bar.from.microseconds)" \#
            data-to="\#(bar.to.microseconds)">\#
            <title>\#(title)</title><rect x="\#(left)" y="\#(y)" width="\#(width)" height="\#(Self.barHeight)" \#
            rx="3"/>\#(inside)</g>
            """#
    }

    /// Where a bar is. However short it was, it is seen.
    private func extent(_ from: Instant, _ to: Instant) -> (left: Int, width: Int) {
        let (left, right) = (x(from), x(to))
        let width = max(3, right - left)
        return (min(left, Self.right - width), width)
    }

    private static func words(in bar: TimelineBar) -> String {
        if bar.kind == .many { return bar.count > 0 ? "\(bar.count)" : "" }
        guard let status = bar.httpStatus, bar.kind != .succeeded else { return bar.attempt.map { "\($0)" } ?? "" }
        return bar.attempt.map { "\($0) · \(status)" } ?? "\(status)"
    }

    private func title(_ bar: TimelineBar, _ row: TimelineRow) -> String {
        var name = row.lane == .undo ? "Undo of \(row.stepID)" : row.stepID
        if let attempt = bar.attempt { name += ", attempt \(attempt)" }
        var parts = [bar.kind.word]
        if bar.kind == .many {
            parts = [bar.count == 0 ? "waits" : "\(bar.count) \(bar.count == 1 ? "attempt" : "attempts")"]
            if bar.failures > 0 { parts.append("\(bar.failures) did not succeed") }
        }
        if let status = bar.httpStatus { parts.append("HTTP \(status)") }
        parts.append("from \(TimelineWords.exact(bar.from)), \(TimelineWords.length(bar.to - bar.from))")
        if let accepted = bar.acceptedAt { parts.append("accepted after \(TimelineWords.length(accepted - bar.from))") }
        if let engine = bar.engine { parts.append("engine \(engine)") }
        return "\(name): \(parts.joined(separator: ", "))"
    }

    // MARK: The whole run

    private func rest(_ rest: TimelineRest) -> HTML {
        let (left, width) = extent(rest.from, rest.to)
        let words = rest.kind == .paused ? "paused" : "waits for a person"
        return #"""
            <g class="rest r-\#(rest.kind.rawValue)">\#
            <title>\#(words), \#(TimelineWords.length(rest.to - rest.from)) from \#
            \#(TimelineWords.exact(rest.from))</title><rect fill="url(#timeline-\#(rest.kind.rawValue))" \#
            x="\#(left)" y="34" \#
            width="\#(width)" height="\#(bottom - 34)"/></g>
            """#
    }

    private func mark(_ mark: TimelineMark) -> HTML {
        let x = x(mark.at)
        let many = mark.count > 1 ? ", \(mark.count) times" : ""
        return #"""
            <g class="mark m-\#(mark.kind.rawValue)">\#
            <title>\#(mark.kind.word)\#(many), \#(TimelineWords.exact(mark.at))</title>\#
            <path class="line" d="M\#(x) 34V\#(bottom)"/>\#
            <g class="sign" transform="translate(\#(x - 7) 33) scale(.7)">\#
            \#(mark.kind.icon.svg)</g></g>
            """#
    }
}

extension TimelineMark.Kind {
    fileprivate var icon: GraphIcon {
        switch self {
        case .turn, .undo: GraphIcon(.disc, .back)
        case .cancel: GraphIcon(.octagon, .cross)
        case .deadline: GraphIcon(.square, .hourglass)
        case .hand: GraphIcon(.triangle, .exclamation)
        case .signal: GraphIcon(.square, .envelope)
        case .takeover: GraphIcon(.diamond, .again)
        case .end: GraphIcon(.disc, .flag)
        }
    }
}
