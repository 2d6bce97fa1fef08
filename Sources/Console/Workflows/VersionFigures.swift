internal import Core

/// How a version does: what became of its newest runs, and how the calls of each step went.
struct VersionFigures {
    let statistics: VersionStatistics

    var html: HTML {
        guard statistics.runs > 0 else { return Part.empty("None of its runs is among the newest of all.") }
        let table: HTML = #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Calls of its steps"><table class="figures-table">
            <thead><tr><th scope="col">Step</th><th scope="col">Runs</th><th scope="col">Attempts</th><th scope="col">p50</th><th scope="col">p99</th><th scope="col">Rejected</th><th scope="col">Unknown</th><th scope="col">Retried</th><th scope="col">Gave up</th></tr></thead>
            <tbody>\#(statistics.calls.map(row))</tbody></table></div>
            """#
        return #"""
            <p class="quiet">\#(scope)</p>\#(cards)\#(statistics.calls.isEmpty ? Part.empty("No call of it has ended yet.") : table)
            """#
    }

    /// Over what.
    private var scope: HTML {
        let since: HTML? = statistics.since.map { ", started since \(Part.time($0))" }
        return statistics.isAll
            ? "Over all \(Part.count(statistics.runs, "run")) of this version\(since)."
            : "Over the newest \(Part.count(statistics.runs, "run")) of this version\(since); older ones are not counted."
    }

    private var cards: HTML {
        let statuses: [(String, String)] = [
            ("COMPLETED", "Completed"), ("COMPENSATED", "Undone"), ("CANCELLED", "Cancelled"), ("FAILED", "Failed"),
        ]
        let live = ["PENDING", "RUNNING", "COMPENSATING"].compactMap { statistics.statuses[$0] }.reduce(0, +)
        var cards = [card("Started", statistics.runs)]
        if live > 0 { cards.append(card("Not over", live)) }
        for (status, word) in statuses {
            let count = statistics.statuses[status] ?? 0
            if count > 0 || status == "COMPLETED" { cards.append(card(word, count)) }
        }
        if let times = statistics.times {
            cards.append(
                #"""
                <div class="card"><dt>From start to completion</dt><dd>\#(Part.duration(times.half)) <span class="under times">half of them; 99 of 100: \#(Part.duration(times.most))</span></dd></div>
                """#)
        }
        return #"<dl class="cards small">\#(cards)</dl>"#
    }

    private func card(_ title: String, _ count: Int) -> HTML {
        let share: HTML =
            count < statistics.runs
            ? #"<span class="under">\#(Self.percent(count, of: statistics.runs))</span>"# : .empty
        return #"<div class="card"><dt>\#(title)</dt><dd>\#(Part.number(count)) \#(share)</dd></div>"#
    }

    private func row(_ calls: VersionStatistics.Calls) -> HTML {
        let undo: HTML = #"<span class="undo">\#(Icon.undoing.svg) undo of</span> "#
        func share(_ count: Int, isBad: Bool = false) -> HTML {
            guard count > 0 else { return #"<td class="none">0</td>"# }
            let mark: HTML = isBad ? Icon.warning.svg : .empty
            return #"""
                <td>\#(mark)\#(Part.number(count)) <span class="quiet">\#(Self.percent(count, of: calls.attempts))</span></td>
                """#
        }
        func time(_ duration: Duration?) -> HTML {
            duration.map { #"<td class="nowrap">\#(Self.time($0))</td>"# } ?? #"<td class="none">–</td>"#
        }
        return #"""
            <tr data-key="\#(calls.stepID)\#(if: calls.isUndo, "-undo")"><th scope="row">\#(if: calls.isUndo, undo)<span class="step-name">\#(calls.stepID)</span></th>
            <td>\#(Part.number(calls.runs))</td><td>\#(Part.number(calls.attempts))</td>\#(time(calls.times?.half))\#(time(calls.times?.most))
            \#(share(calls.outcomes["rejected"] ?? 0))\#(share(calls.outcomes["unknown"] ?? 0))\#(share(calls.retries))\#(share(calls.gaveUp, isBad: calls.isUndo))</tr>
            """#
    }

    /// Of a call: what is below ten milliseconds has its digits.
    private static func time(_ duration: Duration) -> String {
        let microseconds = duration.microseconds
        guard microseconds < 10_000 else { return Part.duration(duration) }
        return "\(microseconds / 1000).\(microseconds / 100 % 10) ms"
    }

    /// `1.2 %`, never a share that there is as none of it, nor one that is less as all.
    static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "" }
        let tenths = part * 1000 / whole
        if tenths == 0, part > 0 { return "< 0.1\u{202F}%" }
        return tenths % 10 == 0 ? "\(tenths / 10)\u{202F}%" : "\(tenths / 10).\(tenths % 10)\u{202F}%"
    }
}
