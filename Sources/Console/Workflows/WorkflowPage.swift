/// One workflow: its versions, and whether it takes starts.
package struct WorkflowPage: Sendable {
    let workflow: WorkflowView
    let sight: WorkflowSight
    let frame: Frame

    package init(_ workflow: WorkflowView, _ sight: WorkflowSight, _ frame: Frame) {
        (self.workflow, self.sight, self.frame) = (workflow, sight, frame)
    }

    private var parts: WorkflowParts { WorkflowParts(sight: sight, frame: frame) }
    private var name: String { workflow.name }

    package var html: HTML {
        frame.page(
            name, in: .workflows, live: .every(10),
            #"""
            \#(parts.crumbs([]))
            <div class="title"><h1>\#(name)</h1>\#(if: workflow.pause != nil, WorkflowParts.paused)\#(WorkflowParts.owner(workflow.owner))</div>
            <div id="workflow-state" data-live>\#(workflow.pause.map(WorkflowParts.pause))</div>
            <div id="workflow-actions" data-live>\#(actions)</div>
            <section aria-labelledby="versions-title"><h2 id="versions-title">Versions</h2>
            \#(if: workflow.versions.count > 1, compare)
            <div id="versions" data-live>\#(versions)</div></section>
            """#)
    }

    private var actions: HTML {
        var all = HTML.empty
        if frame.may("runs:start") {
            let path = frame.paths.workflow(name, part: "start", sight.query)
            all += #"<a class="button primary" href="\#(path)">Start a run</a>"#
        }
        if frame.may("workflows:operate"), sight.mayChange(workflow.owner) {
            all += workflow.pause == nil ? pause : resume
        }
        let runs = Paths.query(frame.paths.runs, [("workflow", name), ("tenantId", sight.tenantOfRuns)])
        if frame.may("runs:read") { all += #"<a class="button" href="\#(runs)">Its runs</a>"# }
        return all.isEmpty ? .empty : #"<div class="actions" role="group" aria-label="What you can do">\#(all)</div>"#
    }

    private func path(_ part: String) -> String { frame.paths.workflow(name, part: part, sight.query) }

    private var pause: HTML {
        let wait: HTML =
            #"<label class="check"><input type="radio" name="starts" value="wait" checked>Starts wait: they are accepted, and begin with the resume</label>"#
        let refuse: HTML =
            #"<label class="check"><input type="radio" name="starts" value="refuse">Starts are refused (409)</label>"#
        return parts.action(
            "pause", "Pause starts", of: workflow.owner, to: path("pause"), isGrave: true,
            "Runs of all its versions that were accepted before go on; new ones don't begin.\(parts.reach(workflow.owner))",
            fields:
                "<fieldset><legend>Meanwhile</legend>\(wait)\(refuse)</fieldset>\(parts.reason("pause", isNeeded: true))"
        )
    }

    private var resume: HTML {
        parts.action(
            "resume", "Resume starts", of: workflow.owner, to: path("resume"),
            "New runs begin again, those that have waited for it first.\(parts.reach(workflow.owner))",
            fields: parts.reason("resume", isNeeded: false))
    }

    private var compare: HTML {
        let names = workflow.versions.map(\.version)
        func options(_ chosen: String) -> [HTML] { names.map { Part.option($0, $0, isChosen: $0 == chosen) } }
        let tenant: HTML? = sight.tenant.map { #"<input type="hidden" name="tenant" value="\#($0)">"# }
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.workflow(name, part: "compare"))">\#(tenant)
            <div class="field"><label for="c-from">What has changed from</label><select id="c-from" name="from">\#(options(names[1]))</select></div>
            <div class="field"><label for="c-to">to</label><select id="c-to" name="to">\#(options(names[0]))</select></div>
            <div class="field buttons"><button class="button">Compare</button></div></form>
            """#
    }

    private var versions: HTML {
        #"""
        <div class="scroll" tabindex="0" role="group" aria-label="Versions"><table class="runs">
        <thead><tr><th scope="col">Version</th><th scope="col">Registered</th><th scope="col">By</th><th scope="col">State</th></tr></thead>
        <tbody>\#(workflow.versions.map(row))</tbody></table></div>
        """#
    }

    private func row(_ version: WorkflowView.Version) -> HTML {
        let state: HTML =
            version.deprecation.map { #"\#(WorkflowParts.deprecated)\#(WorkflowParts.deprecation($0))"# }
            ?? (version.version == workflow.latest
                ? WorkflowParts.latest
                : version.version.contains("-")
                    ? #"<span class="quiet">a prerelease: only a start that names it takes it</span>"# : .empty)
        return #"""
            <tr data-key="\#(version.version)"><th scope="row"><a class="row-link" href="\#(frame.paths.version(name, version.version, sight.query))">\#(version.version)</a></th>
            <td>\#(Part.time(version.createdAt))</td><td><bdi>\#(version.createdBy)</bdi></td><td class="says">\#(state)</td></tr>
            """#
    }
}
