import Console
import Core
import Simulation
import Testing

/// Whether a timeline tells what happened, and when.
@Suite struct TimelineTests {
    private static func timeline(_ life: Life) -> RunTimeline {
        RunTimeline(events: life.events.map { TimelineEvent($0) }, now: life.now)
    }

    private static func words(_ timeline: RunTimeline) -> [String] {
        timeline.rows.map { row in
            let bars = row.bars.map { bar in bar.kind.rawValue + (bar.attempt.map { "#\($0)" } ?? "") }
            return "\(row.lane == .undo ? "-" : "")\(row.stepID): \(bars.joined(separator: " "))"
        }
    }

    @Test("A bar for each attempt, forward and back, and the waits between them")
    func attempts() throws {
        var life = Life(
            try GraphSamples.workflow("order", "a b"),
            answers: ["b": [("what", 300), ("busy", 80), ("no", 80)], "-b": [("down", 10)], "-a": [("lost", 40)]])
        life.go()
        #expect(
            Self.words(Self.timeline(life)) == [
                "a: succeeded#1", "b: unknown#1 backoff busy#2 backoff rejected#3",
                "-b: not-sent#1 backoff succeeded#2",
                "-a: lost#1 backoff succeeded#2",
            ])
        let marks = Self.timeline(life).marks.map(\.kind)
        #expect(marks == [.turn, .takeover, .end])
    }

    @Test("Waits, signals, children, accepted work and pauses are waits from where to where they were")
    func waits() throws {
        var life = Life(
            try GraphSamples.workflow("w", "wait: ask~ child@ far& last"),
            answers: ["far": [("202", 50)]])
        life.go()
        life.wait(.seconds(60))
        life.happen(.signal(ReceivedSignal(name: "approval", payload: ["ok": true], by: "ann", key: nil)))
        life.wait(.seconds(9))
        life.endChild("child")
        life.go(until: "far=202")
        life.wait(.seconds(5))
        life.happen(.pause(by: "ops", reason: nil, holdsDeadline: false))
        life.wait(.seconds(7))
        life.happen(.resume(by: "ops", reason: nil))
        let timeline = Self.timeline(life)
        #expect(Self.words(timeline) == ["wait: wait", "ask: signal", "child: child", "far: open#1"])
        #expect(timeline.rows[0].bars.map { $0.to - $0.from } == [.seconds(7200)])
        #expect(timeline.rows[1].bars.map { $0.to - $0.from } == [.seconds(60)])
        #expect(timeline.rows[2].bars.map { $0.to - $0.from } == [.seconds(9)])
        #expect(timeline.rows[3].bars[0].acceptedAt.map { $0 - timeline.rows[3].bars[0].from } == .milliseconds(50))
        #expect(timeline.rests.map(\.kind) == [.paused] && timeline.rests[0].to - timeline.rests[0].from == .seconds(7))
        #expect(timeline.marks.map(\.kind) == [.signal])
    }

    @Test("A run that waits for a person is drawn until somebody comes, and then goes on")
    func persons() throws {
        var life = Life(try GraphSamples.workflow("w", "a b"), answers: ["b": [("no", 1)], "-a": [("no", 1)]])
        life.go()
        life.wait(.seconds(86_400))
        #expect(Self.timeline(life).rests.map { $0.to - $0.from } == [.seconds(86_400)])
        life.happen(.retry(step: nil, by: "ops", reason: "mended"))
        life.go()
        life.wait(.seconds(1000))
        let timeline = Self.timeline(life)
        #expect(timeline.rests.map { $0.to - $0.from } == [.seconds(86_400)])
        #expect(timeline.marks.map(\.kind) == [.turn, .end, .hand, .end])
        #expect(timeline.axis.end == life.events.last?.at, "what is over goes on no more")
    }

    @Test("What is idle is folded, with its length, and what is busy is not")
    func folds() throws {
        var life = Life(try GraphSamples.workflow("w", "a wait: b"), answers: ["b": [("ok", 3000)]])
        life.go()
        let timeline = Self.timeline(life)
        let folds = timeline.axis.segments.filter(\.isFolded)
        #expect(folds.map { $0.to - $0.from } == [.seconds(7200)])
        #expect(timeline.svg.markup.contains("2h folded"))
        let b = timeline.rows[2].bars[0]
        #expect(timeline.axis.x(b.to) - timeline.axis.x(b.from) > 700)
    }

    @Test("Histories of 600 random lives: bars in order and within the axis, times that add up, sound markup")
    func randomLives() throws {
        var random = SeededGenerator(seed: 99)
        var (folds, open, undone) = (0, 0, 0)
        for number in 0..<600 {
            let workflow = try RandomWorkflow(using: &random, children: ["c"])
            var life = Life(
                workflow.definition, input: ["items": [1, 2]], random: SeededGenerator(seed: UInt64(number)))
            life.go(most: Int.random(in: 0...25, using: &random))
            if random.chance(30) { life.happen(.pause(by: "ops", reason: nil, holdsDeadline: true)) }
            life.wait(.seconds(Int.random(in: 0...5000, using: &random)))
            life.happen(.resume(by: "ops", reason: nil))
            life.go(most: random.chance(50) ? Int.random(in: 0...4, using: &random) : 60)
            let timeline = Self.timeline(life)
            let wrong = Self.faults(timeline, life)
            #expect(wrong == [], "life \(number)")
            guard wrong.isEmpty else { return }
            folds += timeline.axis.segments.filter(\.isFolded).count
            open += timeline.rows.flatMap(\.bars).filter { $0.kind == .open }.count
            undone += timeline.rows.filter { $0.lane == .undo }.count
        }
        #expect(folds > 200 && open > 20 && undone > 100, "\(folds) \(open) \(undone)")
    }

    private static func faults(_ timeline: RunTimeline, _ life: Life) -> [String] {
        var wrong = Markup.faults(timeline.svg)
        let axis = timeline.axis
        let whole = axis.end - axis.start
        if axis.segments.reduce(Duration.zero, { $0 + ($1.to - $1.from) }) != whole {
            wrong.append("times do not add up")
        }
        for (one, next) in zip(axis.segments, axis.segments.dropFirst()) {
            if one.to != next.from || one.right != next.left { wrong.append("the axis has a gap") }
        }
        for segment in axis.segments where segment.left > segment.right { wrong.append("the axis goes back") }
        if axis.segments[0].left != Double(RunTimeline.left)
            || abs(axis.segments[axis.segments.count - 1].right - Double(RunTimeline.right)) > 0.01
        {
            wrong.append("the axis does not fill its place")
        }
        for row in timeline.rows {
            for bar in row.bars where bar.from > bar.to || bar.from < axis.start || bar.to > axis.end {
                wrong.append("a bar of \(row.stepID) is outside")
            }
            for (one, next) in zip(row.bars, row.bars.dropFirst()) where next.from < one.to {
                wrong.append("bars of \(row.stepID) cover each other")
            }
        }
        let attempts = timeline.rows.flatMap(\.bars).filter { !$0.kind.isWait && $0.kind != .many }.count
        let begun = life.events.filter { $0.row.kind == .attemptStarted }.count
        if timeline.omission == nil, !timeline.rows.contains(where: \.isAggregated), attempts != begun {
            wrong.append("\(attempts) bars for \(begun) attempts")
        }
        var last = -1.0
        for event in life.events {
            let x = axis.x(event.at)
            if x < last { wrong.append("time goes back") }
            last = x
        }
        return wrong
    }

    @Test(
        "10,000 events and more are drawn at once, in a bounded size, and it is said what was left out",
        arguments: [1, 100, 5000])
    func large(_ steps: Int) {
        let start = Instant(microseconds: 1_790_824_320_000_000)
        var events = [TimelineEvent(at: start, kind: .runStarted)]
        for number in 0..<10_000 {
            let at = start + .milliseconds(number * 37 + (number % 50 == 0 ? 20 : 0))
            let id = steps > 1000 ? "list[\(number % steps)]" : "step-\(number % steps)"
            events.append(
                TimelineEvent(at: at, kind: .attemptStarted, stepID: id, action: .execute, attempt: number / steps + 1))
            events.append(
                TimelineEvent(
                    at: at + .milliseconds(20), kind: .attemptFailed, stepID: id, action: .execute,
                    attempt: number / steps + 1,
                    outcome: .busy, httpStatus: 429, retryIn: .milliseconds(1)))
        }
        let begin = ContinuousClock.now
        let timeline = RunTimeline(events: events, now: start + .seconds(3600))
        let svg = timeline.svg
        print(
            "timeline of \(events.count) events of \(steps) steps: \(ContinuousClock.now - begin), \(svg.markup.utf8.count) bytes"
        )
        #expect(ContinuousClock.now - begin < .seconds(5))
        #expect(svg.markup.utf8.count < 600_000)
        let bars = timeline.rows.reduce(0) { $0 + $1.bars.count }
        #expect(bars >= 40, "it is not all one")
        #expect(bars <= RunTimeline.mostBars + timeline.rows.count)
        #expect(timeline.omission != nil && svg.markup.contains(timeline.omission ?? "-"))
        let drawn = timeline.rows.flatMap(\.bars).filter { !$0.kind.isWait }.reduce(0) { $0 + $1.count }
        #expect(drawn == 10_000, "every attempt is counted")
    }

    @Test("No events, one event, and events of a later version are drawn, too")
    func edges() {
        let now = Instant(microseconds: 1_790_824_320_000_000)
        #expect(Markup.faults(RunTimeline(events: [], now: now).svg) == [])
        #expect(Markup.faults(RunTimeline(events: [TimelineEvent(at: now, kind: .runStarted)], now: now).svg) == [])
        let odd = RunTimeline(
            events: [
                TimelineEvent(at: now, kind: nil, stepID: "a"),
                TimelineEvent(
                    at: now + .seconds(1), kind: .attemptSucceeded, stepID: "a", action: .execute, attempt: 1),
            ],
            now: now)
        #expect(odd.rows.isEmpty && Markup.faults(odd.svg) == [])
    }
}
