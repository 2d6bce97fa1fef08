import Core

/// Runs that need a person for the same reason at the same place.
struct TroubleGroup {
    let workflow: String
    /// What is wrong there.
    let place: String
    let error: String
    let count: Int
    /// There are more than were looked at.
    var isMore = false
    let runIDs: [String]
    let newestAt: Instant?
    /// All of them.
    let path: String

    /// Runs that failed.
    init(_ group: FailedGroup, _ paths: Paths) {
        workflow = group.key.workflow
        place = group.key.stepID.map { ": the undo of \($0)" } ?? ": set aside"
        error = group.key.error
        count = group.count
        runIDs = group.runIDs
        newestAt = group.newestAt
        path = Paths.query(paths.failed, group.key.members)
    }

    private init(
        _ workflow: String, _ place: String, _ error: String, _ runs: [RunSummary], _ filter: RunFilter, _ paths: Paths
    ) {
        self.workflow = workflow
        self.place = place
        self.error = error
        count = runs.count
        runIDs = runs.prefix(3).map(\.id)
        newestAt = runs.map { $0.wait?.since ?? $0.updatedAt }.compactMap { $0 }.max()
        path = filter.path(paths)
    }

    /// Runs past their pivot that wait for a person, the most first.
    static func stuck(_ runs: [RunSummary], _ paths: Paths) -> [TroubleGroup] {
        grouped(runs) { [$0.workflow, $0.wait?.stepID ?? "", FailedGroup.pattern($0.wait?.reason ?? "")] }.map {
            key, runs in
            var filter = RunFilter()
            (filter.waitingFor, filter.workflow) = ("operator", key[0])
            filter.step = key[1].isEmpty ? nil : StepID.step(key[1])
            return TroubleGroup(
                key[0], ": \(key[1].isEmpty ? "a step" : key[1]), past its point of no return", key[2], runs, filter,
                paths)
        }
    }

    /// Runs past their deadline, the most first.
    static func overdue(_ slow: NowView.Slow, _ paths: Paths) -> [TroubleGroup] {
        grouped(slow.runs) { [$0.workflow] }.map { key, runs in
            var filter = RunFilter()
            (filter.isOverdue, filter.workflow) = (true, key[0])
            var group = TroubleGroup(
                key[0], ": past its deadline", "It lives on after its deadline.", runs, filter, paths)
            group.isMore = slow.isMore || slow.count > slow.runs.count
            return group
        }
    }

    private static func grouped(
        _ runs: [RunSummary], by key: (RunSummary) -> [String]
    ) -> [(key: [String], runs: [RunSummary])] {
        var (groups, places) = ([([String], [RunSummary])](), [[String]: Int]())
        for run in runs {
            let key = key(run)
            if let place = places[key] {
                groups[place].1.append(run)
            } else {
                places[key] = groups.count
                groups.append((key, [run]))
            }
        }
        return groups.enumerated().sorted { ($1.element.1.count, $0.offset) < ($0.element.1.count, $1.offset) }
            .map { (key: $0.element.0, runs: $0.element.1) }
    }

    /// In a list, and leading to its runs.
    func card(_ frame: Frame, isBelow: Bool) -> HTML {
        let samples = runIDs.prefix(3).map { #"<a href="\#(frame.paths.run($0))">\#(Part.short($0))</a>"# as HTML }
        let link: HTML = #"<a href="\#(path)">\#(workflow)\#(place)</a>"#
        let title: HTML = isBelow ? "<h3>\(link)</h3>" : "<h2>\(link)</h2>"
        return #"""
            <article class="group" data-key="\#(workflow)\#(place)/\#(error)"><div>\#(title)
            <p class="error" dir="auto">\#(error)</p>
            <p class="samples">\#(samples.joined(by: " · ")) · last \#(Part.time(newestAt, isRelative: true))</p></div>
            <div class="count">\#(Part.number(count))\#(if: isMore, " or more")</div></article>
            """#
    }
}
