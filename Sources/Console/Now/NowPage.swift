import Core

/// What needs a person, what is slow, and how the system does. When all is well it says so.
package struct NowPage: Sendable {
    let view: NowView
    let frame: Frame

    package init(_ view: NowView, _ frame: Frame) {
        self.view = view
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            "Now", in: .now, live: .every(5),
            #"""
            <div class="title"><h1>Now</h1></div>
            <div id="now" data-live>\#(view.isEmpty ? FirstStart.html(frame) : all)</div>
            """#)
    }

    private var all: HTML {
        let well: HTML =
            #"<div class="well">\#(Icon.done.svg)<p><b>All is well.</b> \#(isWell).</p></div>"#
        return "\(if: view.isWell, well)\(cluster)\(persons)\(charts)\(participants)\(pauses)\(slow)\(engines)"
    }

    /// As far as whoever reads was told.
    private var isWell: String {
        var words = ["No run waits for a person"]
        if view.knowsParticipants { words.append("every participant answers") }
        if view.cluster != nil { words.append("engines keep up") }
        return words.count < 3
            ? words.joined(separator: ", and ") : "\(words[0]), \(words[1]), and \(words[2])"
    }

    private var cluster: HTML? {
        view.cluster.map { cluster -> HTML in
            let backlog: HTML = "\(if: cluster.isEstimate, "about ")\(Part.number(cluster.backlog))"
            let none: HTML = Part.notice(
                Notice(
                    "No engine is alive: starts are accepted and stored, and nothing happens until one runs.",
                    isProblem: true))
            let differ: HTML = Part.notice(
                Notice(
                    "Engines differ in settings that must be the same: \(cluster.settingsThatDiffer.joined(separator: ", ")).",
                    isProblem: true))
            return #"""
                \#(if: cluster.liveEngines == 0, none)\#(if: !cluster.settingsThatDiffer.isEmpty, differ)
                <dl class="cards"><div class="card"><dt>Engines alive</dt><dd>\#(Part.number(cluster.liveEngines))</dd></div>
                <div class="card"><dt>Due and not taken up</dt><dd>\#(backlog)</dd></div>
                <div class="card"><dt>Oldest due for</dt><dd>\#(cluster.backlog == 0 ? "–" : Part.duration(cluster.lag))</dd></div>
                <div class="card"><dt>Calls in flight</dt><dd>\#(Part.number(cluster.engines.filter(\.isAlive).map(\.inFlight).reduce(0, +)))</dd></div></dl>
                """#
        }
    }

    private var persons: HTML? {
        let groups =
            view.failed.map { TroubleGroup($0, frame.paths) } + TroubleGroup.stuck(view.stuck, frame.paths)
            + TroubleGroup.overdue(view.overdue, frame.paths)
        if groups.isEmpty { return nil }
        let failed: HTML =
            #"<p><a href="\#(frame.paths.failed)">All that failed</a>\#(if: view.hasMoreFailed, " (there are more than were looked at)")</p>"#
        let stuck: HTML = "<p>\(link("All that wait for a person", [("waitingFor", "operator")]))</p>"
        return #"""
            <section aria-labelledby="persons"><h2 id="persons">Needs a person</h2>
            \#(groups.prefix(Self.groups).map { $0.card(frame, isBelow: true) })\#(if: view.failed.count > Self.groups || view.hasMoreFailed, failed)\#(if: view.hasMoreStuck || groups.count > Self.groups && !view.stuck.isEmpty, stuck)</section>
            """#
    }

    /// Groups that are shown.
    private static let groups = 12

    private var charts: HTML? {
        view.minutes.map { MinuteCharts(minutes: $0, isComplete: view.isMinutesComplete).html }
    }

    private var participants: HTML? {
        guard !view.participants.isEmpty else { return nil }
        let rows = view.participants.map { each -> HTML in
            let breaker: HTML =
                #"<span class="state bad">\#(Icon.warning.svg)Breaker open</span><span class="quiet">in \#(Part.count(each.open, "engine"))</span>"#
            let trying: HTML = #"<span class="state busy">\#(Icon.waiting.svg)Being tried again</span>"#
            let pause: HTML? = each.pause.map(pause)
            return #"""
                <li><b>\#(each.name)</b>\#(if: each.open > 0, breaker)\#(if: each.open == 0 && each.trying > 0, trying)\#(pause)
                <span class="error" dir="auto">\#(each.lacks ?? each.lastError)</span></li>
                """#
        }
        return
            #"<section aria-labelledby="participants"><h2 id="participants">Participants</h2><ul class="list">\#(rows)</ul></section>"#
    }

    private func pause(_ pause: NowView.Pause) -> HTML {
        #"<span class="state quiet">\#(Icon.paused.svg)Paused</span><span>by \#(pause.by) \#(Part.time(pause.since, isRelative: true)): <q dir="auto">\#(pause.reason)</q></span>"#
    }

    private var pauses: HTML? {
        guard !view.pausedWorkflows.isEmpty || !view.paused.isEmpty else { return nil }
        let workflows = view.pausedWorkflows.map { each -> HTML in "<li><b>\(each.name)</b>\(pause(each))</li>" }
        return #"""
            <section aria-labelledby="paused"><h2 id="paused">Paused</h2><ul class="list">\#(workflows)\#(runs(view.paused, 5))</ul>
            \#(if: view.paused.count > 5, "<p>\(link("All of them", [("waitingFor", "paused")]))</p>")</section>
            """#
    }

    private var slow: HTML? {
        let named = Set(view.attempts.runs.map(\.id))
        var others = view.retrying
        others.runs = others.runs.filter { !named.contains($0.id) }
        let lists = [
            list("Third attempt or later", view.attempts, [("waitingFor", "retry"), ("minAttempts", "3")]),
            list("Wait longest to try again", others, [("waitingFor", "retry")]),
            list("Due for 10 s or longer, and taken up by no engine", view.due, nil),
        ].compactMap { $0 }
        return lists.isEmpty
            ? nil : #"<section aria-labelledby="slow"><h2 id="slow">Slow</h2>\#(lists)</section>"#
    }

    /// - Parameter filter: what leads to all of them; nil where nothing does.
    private func list(_ title: String, _ slow: NowView.Slow, _ filter: [(String, String?)]?) -> HTML? {
        if slow.runs.isEmpty { return nil }
        let all: HTML? = filter.map { "<p>\(link("All of them", $0))</p>" }
        let isCut = slow.count > min(slow.runs.count, Self.most) || slow.isMore
        return #"""
            <h3 class="kind">\#(title) <span class="quiet">\#(Part.number(slow.count))\#(if: slow.isMore, " or more: of the oldest 1\u{202F}000")</span></h3>
            <ul class="list">\#(runs(slow.runs, Self.most))</ul>\#(if: isCut, all ?? .empty)
            """#
    }

    /// Runs of a list that are shown.
    private static let most = 8

    private func runs(_ runs: [RunSummary], _ most: Int) -> HTML {
        runs.prefix(most).map { run -> HTML in
            #"<li><a href="\#(frame.paths.run(run.id))">\#(run.workflow) \#(Part.short(run.id))</a>\#(Part.status(run.status))\#(RunLine(run: run).html)<span class="quiet">started \#(Part.time(run.createdAt, isRelative: true))</span></li>"#
        }.joined()
    }

    private func link(_ title: String, _ filter: [(String, String?)]) -> HTML {
        #"<a href="\#(Paths.query(frame.paths.runs, filter))">\#(title)</a>"#
    }

    private var engines: HTML? {
        guard let cluster = view.cluster, !cluster.engines.isEmpty else { return nil }
        let rows = cluster.engines.map { engine -> HTML in
            let state: HTML =
                engine.isAlive
                ? #"<span class="state good">\#(Icon.done.svg)Alive</span>"#
                : #"<span class="state bad">\#(Icon.warning.svg)Gives no sign of life</span>"#
            return #"""
                <tr><th scope="row">\#(engine.host)</th><td>\#(Part.short(engine.id))</td><td>\#(state)</td><td>\#(Part.number(engine.inFlight))</td><td>\#(engine.version)</td></tr>
                """#
        }
        return #"""
            <section aria-labelledby="engines"><h2 id="engines">Engines</h2>
            <div class="scroll" tabindex="0" role="group" aria-label="Engines"><table><thead><tr><th scope="col">Host</th><th scope="col">Id</th><th scope="col">State</th><th scope="col">In flight</th><th scope="col">Version</th></tr></thead><tbody>\#(rows)</tbody></table></div></section>
            """#
    }
}
