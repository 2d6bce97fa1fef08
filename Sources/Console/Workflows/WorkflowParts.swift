internal import Core

/// What the pages of workflows are made of.
struct WorkflowParts {
    let sight: WorkflowSight
    let frame: Frame

    func crumbs(_ links: [(String, String)]) -> HTML {
        let all = [("Workflows", frame.paths.workflows(seenBy: sight.tenant))] + links
        let items = all.map { title, path -> HTML in #"<a href="\#(path)">\#(title)</a>"# }
        return #"""
            <nav class="crumbs" aria-label="Where you are">\#(items.joined(by: #" <span aria-hidden="true">/</span> "#))</nav>
            """#
    }

    /// Whose it is, in a word.
    static func owner(_ owner: String) -> HTML {
        owner == Owner.sharedName
            ? #"<span class="owner">shared by all tenants</span>"#
            : #"<span class="owner">own of <bdi>\#(owner)</bdi></span>"#
    }

    static let paused: HTML = #"<span class="state busy">\#(Icon.paused.svg)Paused</span>"#
    static let deprecated: HTML = #"<span class="state quiet">\#(Icon.warning.svg)Deprecated</span>"#
    static let latest: HTML = #"<span class="state good">\#(Icon.done.svg)Latest</span>"#

    static func pause(_ pause: WorkflowView.Pause) -> HTML {
        let what = pause.refuses ? "Starts are refused" : "Starts wait for the resume"
        return #"""
            <div class="notice bad" role="note">\#(Icon.paused.svg)<p><b>Paused</b> by <bdi>\#(pause.by)</bdi> \#
            \#(Part.time(pause.since, isRelative: true)): <q dir="auto">\#(pause.reason)</q> \#(what). Runs that were accepted before go on.</p></div>
            """#
    }

    /// Who deprecated it, when and why.
    static func deprecation(_ deprecation: WorkflowView.Deprecation) -> HTML {
        let reason: HTML? = deprecation.reason.map { #": <q dir="auto">\#($0)</q>"# }
        return #"by <bdi>\#(deprecation.by)</bdi> \#(Part.time(deprecation.at, isRelative: true))\#(reason)"#
    }

    /// A button that opens what will happen, and the button that does it.
    ///
    /// - Parameter owner: whose is changed, so that nothing else is when somebody registers one of the same name meanwhile.
    func action(
        _ id: String, _ title: String, of owner: String, to path: String, isGrave: Bool = false, _ consequence: HTML,
        fields: HTML
    ) -> HTML {
        #"""
        <details class="action" id="act-\#(id)"><summary class="button\#(if: isGrave, " grave")">\#(title)</summary>
        <form class="action-body" method="post" action="\#(path)">\#(frame.token)<input type="hidden" name="owner" value="\#(owner)">
        <p>\#(consequence)</p>\#(fields)
        <button class="button \#(isGrave ? "grave" : "primary")">\#(title)</button></form></details>
        """#
    }

    func reason(_ id: String, isNeeded: Bool) -> HTML {
        let free: HTML = #" <span class="quiet">(may be left out)</span>"#
        return #"""
            <label for="act-\#(id)-reason">Reason\#(if: !isNeeded, free)</label>
            <input id="act-\#(id)-reason" name="reason" maxlength="1000" autocomplete="off"\#("required", if: isNeeded)>
            """#
    }

    /// Everybody's, where somebody could think that it is one tenant's.
    func reach(_ owner: String) -> HTML {
        owner == Owner.sharedName ? " It is shared: this is for all tenants that have none of their own." : .empty
    }
}
