internal import Core

/// The list of workflows: what is registered, and how the newest runs of each did.
package struct WorkflowsPage: Sendable {
    let workflows: [WorkflowView]
    let nextCursor: String?
    /// It is not the first page.
    let isLater: Bool
    /// Nil where whoever reads may not see runs.
    let recent: RecentRuns?
    let sight: WorkflowSight
    let frame: Frame

    package init(
        _ workflows: [WorkflowView], nextCursor: String?, isLater: Bool, recent: RecentRuns?, _ sight: WorkflowSight,
        _ frame: Frame
    ) {
        (self.workflows, self.nextCursor, self.isLater) = (workflows, nextCursor, isLater)
        (self.recent, self.sight, self.frame) = (recent, sight, frame)
    }

    package var html: HTML {
        let write: HTML = #"<a class="button" href="\#(frame.paths.writeWorkflow)">New workflow</a>"#
        let older: HTML? = nextCursor.map { cursor in
            let path = Paths.query(frame.paths.workflows, sight.query + [("cursor", cursor)])
            return #"<nav class="pages" aria-label="Pages"><a rel="next" href="\#(path)">More workflows</a></nav>"#
        }
        return frame.page(
            "Workflows", in: .workflows, live: isLater ? nil : .every(10),
            #"""
            <div class="title"><h1>Workflows</h1>\#(if: frame.may("workflows:write"), write)</div>
            \#(if: sight.ownTenant == nil, filter)
            <div id="workflows" data-live>\#(list)</div>\#(older)
            """#)
    }

    private var filter: HTML {
        let clear: HTML = #"<a class="quiet-button" href="\#(frame.paths.workflows)">What is shared</a>"#
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.workflows)">
            <div class="field"><label for="f-tenant">As a tenant sees them</label><input id="f-tenant" name="tenant" value="\#(sight.tenant)" autocomplete="off" spellcheck="false" placeholder="shared by all"></div>
            <div class="field buttons"><button class="button">Show</button>\#(if: sight.tenant != nil, clear)</div></form>
            """#
    }

    private var list: HTML {
        if workflows.isEmpty { return isLater ? Part.empty("No more workflows.") : FirstStart.html(frame) }
        let head: HTML = recent == nil ? .empty : #"<th scope="col">Newest runs</th>"#
        let note: HTML? = recent.map { recent in
            if recent.count == 0 { return .empty }
            let since: HTML? = recent.since.map { ", started since \(Part.time($0))" }
            return recent.isAll
                ? #"<p class="quiet">Over all \#(Part.count(recent.count, "run")) that there are.</p>"#
                : #"<p class="quiet">Over the newest \#(Part.count(recent.count, "run")) of all workflows\#(since).</p>"#
        }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Workflows"><table class="runs workflows">
            <thead><tr><th scope="col">Workflow</th><th scope="col">Latest version</th><th scope="col">State</th><th scope="col">Whose</th>\#(head)</tr></thead>
            <tbody>\#(workflows.map(row))</tbody></table></div>\#(note)
            """#
    }

    private func row(_ workflow: WorkflowView) -> HTML {
        let path = frame.paths.workflow(workflow.name, sight.query)
        let latest: HTML =
            workflow.latest.map { version in
                #"<a href="\#(frame.paths.version(workflow.name, version, sight.query))">\#(version)</a>"#
            } ?? #"<span class="quiet">no release that is not deprecated</span>"#
        let runs: HTML =
            recent.map { recent in "<td>\(figures(recent.of(workflow.name), workflow.name))</td>" } ?? .empty
        return #"""
            <tr data-key="\#(workflow.name)"><th scope="row"><a class="row-link" href="\#(path)">\#(workflow.name)</a></th>
            <td>\#(latest) <span class="quiet">of \#(Part.count(workflow.versionCount, "version"))</span></td>
            <td>\#(state(workflow))</td><td>\#(WorkflowParts.owner(workflow.owner))</td>\#(runs)</tr>
            """#
    }

    private func state(_ workflow: WorkflowView) -> HTML {
        if let pause = workflow.pause {
            return
                #"\#(WorkflowParts.paused)<span class="quiet">by <bdi>\#(pause.by)</bdi>: <q dir="auto">\#(pause.reason)</q></span>"#
        }
        if workflow.latest == nil { return WorkflowParts.deprecated }
        return #"<span class="state good">\#(Icon.done.svg)Takes starts</span>"#
    }

    /// `412 started · 400 completed · 3 failed`, each with its runs behind it.
    private func figures(_ counts: [String: Int], _ name: String) -> HTML {
        let all = counts.values.reduce(0, +)
        guard all > 0 else { return #"<span class="none">no run among them</span>"# }
        func link(_ count: Int, _ word: String, _ status: String?, tone: String = "") -> HTML {
            let path = Paths.query(
                frame.paths.runs, [("status", status), ("workflow", name), ("tenantId", sight.tenantOfRuns)])
            return #"<a class="\#(tone)" href="\#(path)">\#(Part.number(count)) \#(word)</a>"#
        }
        var parts = [link(all, "started", nil)]
        let ends = [
            ("COMPLETED", "completed", "good"), ("COMPENSATED", "undone", "undo"), ("CANCELLED", "cancelled", ""),
            ("FAILED", "failed", "bad"),
        ]
        for (status, word, tone) in ends {
            if let count = counts[status], count > 0 { parts.append(link(count, word, status, tone: tone)) }
        }
        return #"<span class="figures">\#(parts.joined(by: " · "))</span>"#
    }
}

/// How many of the newest runs of each workflow stand how.
package struct RecentRuns: Sendable {
    let count: Int
    let since: Instant?
    /// There are no others.
    let isAll: Bool
    private let counts: [String: [String: Int]]

    package init(_ runs: [RunSummary], isAll: Bool) {
        (count, since, self.isAll) = (runs.count, runs.compactMap(\.createdAt).min(), isAll)
        var counts: [String: [String: Int]] = [:]
        for run in runs { counts[run.workflow, default: [:]][run.status, default: 0] += 1 }
        self.counts = counts
    }

    /// By status.
    func of(_ workflow: String) -> [String: Int] { counts[workflow] ?? [:] }
}

extension WorkflowSight {
    /// Whose runs are meant; nil for all that one sees.
    package var tenantOfRuns: String? { tenant == Owner.sharedName ? nil : tenant }
}
