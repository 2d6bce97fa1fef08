internal import Core

/// What is between two versions: as a graph, and as text.
package struct ComparePage: Sendable {
    let old: VersionView
    let new: VersionView
    /// To choose from, highest first.
    let versions: [String]
    /// What is the same is shown, too.
    let isWhole: Bool
    let sight: WorkflowSight
    let frame: Frame

    package init(
        _ old: VersionView, _ new: VersionView, versions: [String], isWhole: Bool, _ sight: WorkflowSight,
        _ frame: Frame
    ) {
        (self.old, self.new, self.versions, self.isWhole) = (old, new, versions, isWhole)
        (self.sight, self.frame) = (sight, frame)
    }

    private var parts: WorkflowParts { WorkflowParts(sight: sight, frame: frame) }
    private var name: String { new.name }

    package var html: HTML {
        frame.page(
            "\(name) \(old.version) and \(new.version)", in: .workflows,
            #"""
            \#(parts.crumbs([(name, frame.paths.workflow(name, sight.query))]))
            <div class="title"><h1>\#(name) <span class="version">\#(old.version) → \#(new.version)</span></h1></div>
            \#(choice)\#(graph)
            <section aria-labelledby="text-title"><h2 id="text-title">Text</h2>\#(text)</section>
            """#)
    }

    private var choice: HTML {
        func options(_ chosen: String) -> [HTML] {
            versions.map { version -> HTML in Part.option(version, version, isChosen: version == chosen) }
        }
        let tenant: HTML? = sight.tenant.map { #"<input type="hidden" name="tenant" value="\#($0)">"# }
        let path = frame.paths.workflow(name, part: "compare")
        let other = Paths.query(path, sight.query + [("from", new.version), ("to", old.version)])
        return #"""
            <form class="filters" method="get" action="\#(path)">\#(tenant)
            <div class="field"><label for="c-from">From</label><select id="c-from" name="from">\#(options(old.version))</select></div>
            <div class="field"><label for="c-to">to</label><select id="c-to" name="to">\#(options(new.version))</select></div>
            <div class="field buttons"><button class="button">Compare</button><a class="quiet-button" href="\#(other)">The other way round</a></div></form>
            """#
    }

    private var graph: HTML {
        guard let before = old.definition, let after = new.definition else {
            return Part.notice(
                Notice("A newer release has registered one of them: no graph can be drawn.", isProblem: true))
        }
        let graph = RunGraph(comparing: before, with: after)
        let changes = graph.steps.compactMap(\.change)
        let counts = [("added", "new"), ("removed", "gone"), ("changed", "changed")].compactMap {
            name, word -> HTML? in
            let count = changes.count { $0.rawValue == name }
            return count == 0 ? nil : "\(Part.count(count, "step")) \(word)"
        }
        let said: HTML =
            counts.isEmpty ? "Its steps are the same, and so is their order." : "\(counts.joined(by: ", "))."
        return #"""
            <p class="sentence" id="changes">\#(said)</p><section aria-labelledby="graph-title"><h2 id="graph-title">Graph</h2>
            <div class="picture" tabindex="0" role="group" aria-label="Graph of what has changed">\#(graph.svg)</div>
            <details class="payload" id="graph-as-table"><summary>The graph as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="The graph as a table">\#(graph.table)</div></details></section>
            """#
    }

    private var text: HTML {
        // Members in one order, whoever wrote them.
        func lines(_ version: VersionView) -> String {
            PayloadView.lines(
                (try? JSON(parsing: version.source.canonicalBytes, limits: JSON.Limits(depth: 80))) ?? version.source)
        }
        let diff = LineDiff(lines(old), lines(new))
        guard diff.added + diff.removed > 0 else {
            return Part.empty("Not a line differs.", "<p>Members are compared in one order, whoever wrote them.</p>")
        }
        let path = frame.paths.workflow(
            name, part: "compare",
            sight.query + [("from", old.version), ("to", new.version), ("whole", isWhole ? nil : "yes")])
        return #"""
            <p class="quiet">\#(Part.count(diff.removed, "line")) gone (−), \#(Part.count(diff.added, "line")) new (+); members in the order of their names. <a href="\#(path)">\#(isWhole ? "Only what has changed" : "All lines")</a></p>
            <div class="scroll" tabindex="0" role="group" aria-label="What has changed in the text"><table class="diff">
            <thead><tr><th scope="col">\#(old.version)</th><th scope="col">\#(new.version)</th><th scope="col"><span class="hidden">Change</span></th><th scope="col">Line</th></tr></thead>
            <tbody>\#(rows(diff))</tbody></table></div>
            """#
    }

    /// Rows of a page: what is longer is at the API.
    private static let most = 500

    private func rows(_ diff: LineDiff) -> HTML {
        var (rows, left) = (HTML.empty, Self.most)
        for part in diff.parts {
            guard part.isShown || isWhole else {
                rows += #"<tr class="fold"><td colspan="4">\#(Part.count(part.lines.count, "line")) the same</td></tr>"#
                continue
            }
            for line in part.lines.prefix(left) { rows += row(line) }
            left -= min(left, part.lines.count)
            if left == 0 {
                return rows
                    + #"<tr class="fold"><td colspan="4">More lines differ than are shown here.</td></tr>"#
            }
        }
        return rows
    }

    private func row(_ line: LineDiff.Line) -> HTML {
        let (name, sign, word): (String, String, String) =
            switch line.kind {
            case .same: ("same", "", "")
            case .added: ("added", "+", "new")
            case .removed: ("removed", "−", "gone")
            }
        let said: HTML =
            word.isEmpty ? .empty : #"<span aria-hidden="true">\#(sign)</span><span class="hidden">\#(word)</span>"#
        return #"""
            <tr class="\#(name)"><td class="line-number">\#(line.old.map { HTML($0) })</td><td class="line-number">\#(line.new.map { HTML($0) })</td><td class="sign">\#(said)</td><td class="code">\#(line.text)</td></tr>
            """#
    }
}
