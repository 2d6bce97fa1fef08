package import Core

/// How many runs began and ended in a minute.
package struct RunMinute: Sendable, Hashable {
    package let at: Instant
    package let started: Int
    package let completed: Int
    package let compensated: Int
    package let cancelled: Int
    package let failed: Int

    package init?(_ json: JSON) {
        guard let at = json["at"]?.string.flatMap({ Instant($0) }) else { return nil }
        self.at = at
        func count(_ name: String) -> Int { json[name]?.int ?? 0 }
        (started, completed, compensated) = (count("started"), count("completed"), count("compensated"))
        (cancelled, failed) = (count("cancelled"), count("failed"))
    }

    var ended: Int { completed + compensated + cancelled }
    var isEmpty: Bool { started + ended + failed == 0 }
}

/// The last hour in three charts, and the same as a table. What is drawn is for the eye; every number stands in words, too.
struct MinuteCharts {
    /// Oldest first; the last one is under way.
    let minutes: [RunMinute]
    let isComplete: Bool

    var html: HTML {
        let note: HTML =
            #"<p class="quiet">Some runs of these minutes are counted for nobody in particular, and are not among these.</p>"#
        return #"""
            <section aria-labelledby="minutes"><h2 id="minutes">The last hour</h2>
            <div class="charts">\#(chart("Starts", [("busy", \.started)]))\#(chart("Ends", [("good", \.completed), ("undo", \.compensated), ("quiet", \.cancelled)]))\#(chart("Failures", [("bad", \.failed)]))</div>
            \#(if: !isComplete, note)\#(table)</section>
            """#
    }

    private typealias Part = (tone: String, count: KeyPath<RunMinute, Int>)

    private func chart(_ title: String, _ parts: [Part]) -> HTML {
        let counts = minutes.map { minute in parts.reduce(0) { $0 + minute[keyPath: $1.count] } }
        let (sum, most) = (counts.reduce(0, +), counts.max() ?? 0)
        let whole = counts.dropLast().last ?? 0
        let label =
            "\(title), minute by minute: \(sum) in the last hour, \(whole) in the last whole minute, \(most) at most."
        let bars = zip(minutes, counts).enumerated().compactMap { place, each -> HTML? in
            each.1 == 0 ? nil : bar(at: place, each.0, parts, most: most)
        }
        return #"""
            <div class="chart"><h3>\#(title)</h3>
            <p><span class="figure">\#(Console.Part.number(whole))</span> a minute <span class="quiet">(the last whole one) · \#(Console.Part.number(sum)) in the hour · \#(Console.Part.number(most)) a minute at most</span></p>
            <svg class="bars" viewBox="0 0 \#(max(1, minutes.count) * Self.width) \#(Self.height)" preserveAspectRatio="none" role="img" aria-label="\#(label)"><path class="base" d="M0 \#(Self.height)H\#(max(1, minutes.count) * Self.width)"/>\#(bars)</svg>
            <p class="axis">\#(Console.Part.time(minutes.first?.at))<span>\#(Console.Part.time(minutes.last?.at))</span></p></div>
            """#
    }

    private static let width = 6
    private static let height = 60

    /// One minute: what it is made of lies one upon the other.
    private func bar(at place: Int, _ minute: RunMinute, _ parts: [Part], most: Int) -> HTML {
        var base = Double(Self.height)
        let isLast = place == minutes.count - 1
        let pieces = parts.compactMap { part -> HTML? in
            let count = minute[keyPath: part.count]
            if count == 0 { return nil }
            // What there is is seen.
            let height = max(1.5, Double(Self.height) * Double(count) / Double(max(1, most)))
            base = max(0, base - height)
            return
                #"<rect class="\#(part.tone)" x="\#(place * Self.width)" y="\#(Self.rounded(base))" width="\#(Self.width - 1)" height="\#(Self.rounded(height))"/>"#
        }
        let words =
            parts.count == 1
            ? "\(minute[keyPath: parts[0].count])"
            : "\(minute.completed) completed, \(minute.compensated) undone, \(minute.cancelled) cancelled"
        return
            #"<g\#("class", attribute: isLast ? "under-way" : nil)><title>\#(minute.at.description.dropFirst(11).prefix(5)) UTC: \#(words)\#(if: isLast, " so far")</title>\#(pieces)</g>"#
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    private var table: HTML {
        let rows = minutes.reversed().filter { !$0.isEmpty }.map { minute -> HTML in
            let cells = [minute.started, minute.completed, minute.compensated, minute.cancelled, minute.failed]
                .map { #"<td>\#(Console.Part.number($0))</td>"# as HTML }
            return #"<tr><th scope="row">\#(Console.Part.time(minute.at))</th>\#(cells)</tr>"#
        }
        let heads = ["Minute", "Started", "Completed", "Undone", "Cancelled", "Failed"].map {
            #"<th scope="col">\#($0)</th>"# as HTML
        }
        return #"""
            <details class="payload" id="minutes-table"><summary>The same as a table</summary>
            <div class="scroll" tabindex="0" role="group" aria-label="Runs by minute"><table><thead><tr>\#(heads)</tr></thead><tbody>\#(rows)</tbody></table></div>
            <p class="quiet">Runs in each minute. In minutes that are not there nothing began and nothing ended. Engines and APIs tell what they have counted every five seconds.</p></details>
            """#
    }
}
