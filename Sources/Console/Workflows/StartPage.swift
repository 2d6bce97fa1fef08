internal import Core

/// Where somebody starts a run: an input as text, and what goes with it.
package struct StartPage: Sendable {
    let workflow: WorkflowView
    /// The version that is chosen; nil where it can't be read.
    let version: VersionView?
    let draft: StartDraft
    /// Why it was not started; nil before it was sent.
    let refusal: Refusal?
    let filling: Filling
    let sight: WorkflowSight
    let frame: Frame

    package struct Refusal: Sendable {
        package let title: String
        package let detail: String
        package let faults: [StartDraft.Fault]

        package init(_ title: String, _ detail: String, _ faults: [StartDraft.Fault] = []) {
            (self.title, self.detail, self.faults) = (title, detail, faults)
        }
    }

    /// What the input was filled in from. The raw values stand in addresses.
    package enum Filling: String, Sendable, CaseIterable {
        /// One of the definition's own, or what its schema asks for.
        case example
        /// The input of its newest run.
        case last
        case nothing

        var title: String {
            switch self {
            case .example: "an example"
            case .last: "the last run's input"
            case .nothing: "nothing"
            }
        }
    }

    package init(
        _ workflow: WorkflowView, _ version: VersionView?, _ draft: StartDraft, refusal: Refusal?, filling: Filling,
        _ sight: WorkflowSight, _ frame: Frame
    ) {
        (self.workflow, self.version, self.draft, self.refusal) = (workflow, version, draft, refusal)
        (self.filling, self.sight, self.frame) = (filling, sight, frame)
    }

    private var name: String { workflow.name }

    package var html: HTML {
        let parts = WorkflowParts(sight: sight, frame: frame)
        return frame.page(
            "Start \(name)", in: .workflows,
            #"""
            \#(parts.crumbs([(name, frame.paths.workflow(name, sight.query))]))
            <div class="title"><h1>Start \#(name)</h1>\#(if: workflow.pause != nil, WorkflowParts.paused)</div>
            \#(workflow.pause.map(WorkflowParts.pause))\#(refusal.map(told))\#(choice)\#(form)
            """#)
    }

    private func told(_ refusal: Refusal) -> HTML {
        let faults = refusal.faults.map { fault -> HTML in
            let place: HTML = "<code>\(fault.pointer.description)</code>"
            let title: HTML = fault.field.map { field in ##"<a href="#s-\##(field)">\##(place)</a>"## } ?? place
            return #"<li>\#(title) <span dir="auto">\#(fault.detail)</span></li>"#
        }
        return #"""
            <div class="notice bad" role="alert" id="refused">\#(Icon.warning.svg)<div><p><b>\#(refusal.title)</b> \#(refusal.detail) Nothing is lost: it stands below as you wrote it.</p>\#(if: !faults.isEmpty, "<ul>\(faults)</ul>")</div></div>
            """#
    }

    // MARK: Which version, and from what

    private var choice: HTML {
        let latest = workflow.latest.map { "the latest, \($0)" } ?? "the latest: there is none"
        let options = workflow.versions.map { version in
            Part.option(
                version.version, version.version + (version.deprecation == nil ? "" : " (deprecated)"),
                isChosen: version.version == draft.version)
        }
        let path = frame.paths.workflow(name, part: "start")
        let tenant: HTML? = sight.tenant.map { #"<input type="hidden" name="tenant" value="\#($0)">"# }
        let fillings = Filling.allCases.filter { $0 != .last || maySeeInputs }.map { each -> HTML in
            let target = Paths.query(
                path, sight.query + [("version", draft.version.isEmpty ? nil : draft.version), ("fill", each.rawValue)])
            return
                #"<a href="\#(target)"\#("aria-current", attribute: each == filling ? "true" : nil)>\#(each.title)</a>"#
        }
        return #"""
            <form class="filters" method="get" action="\#(path)">\#(tenant)
            <div class="field"><label for="s-version">Version</label><select id="s-version" name="version"\#(invalid("version"))>\#(Part.option("", latest, isChosen: draft.version.isEmpty))\#(options)</select></div>
            <div class="field buttons"><button class="button">Take this version</button></div></form>\#(faults("version"))
            <p class="quiet">Fill in \#(fillings.joined(by: ", ")); what is written below is gone then.</p>
            """#
    }

    private var maySeeInputs: Bool { frame.may("payloads:read") && frame.may("runs:read") }

    // MARK: The form

    private var form: HTML {
        let reads = version?.definition.map(Self.reads) ?? []
        let hint: HTML =
            reads.isEmpty
            ? .empty
            : #"<p class="quiet" id="s-reads">It reads \#(reads.map { name -> HTML in "<code>\(name)</code>" }.joined(by: ", ")).</p>"#
        let schema: HTML? = version?.source["inputSchema"].map { schema in
            #"""
            <details class="payload" id="input-schema"><summary>What an input must be</summary>\#(Part.copied(PayloadView.lines(schema), id: "input-schema-text"))</details>
            """#
        }
        let lines = min(24, max(6, draft.input.count { $0 == "\n" } + 2))
        return #"""
            <form class="start" method="post" action="\#(frame.paths.workflow(name, part: "start", sight.query))">\#(frame.token)
            <input type="hidden" name="key" value="\#(draft.key)"><input type="hidden" name="version" value="\#(draft.version)">
            <label for="s-input">Input, as JSON</label>\#(hint)
            <textarea id="s-input" name="input" rows="\#(lines)" spellcheck="false" autocomplete="off"\#(invalid("input"))>\#(Self.kept(draft.input))</textarea>\#(faults("input"))\#(schema)
            \#(field("correlationId", "Correlation id", draft.correlationID, "What it belongs to; without one it is the run's own id."))
            \#(if: sight.ownTenant == nil, field("tenantId", "Tenant", draft.tenantID, "Whose run it is; without one that of the tenant default."))
            \#(more)
            <p class="buttons"><button class="button primary">Start a run</button></p>
            <p class="quiet">However often this form is sent, it starts one run: its key is <code>\#(draft.key)</code>.</p></form>
            """#
    }

    private var more: HTML {
        let names = ["delay", "startAt", "priority", "context"]
        let isOpen =
            [draft.delay, draft.startAt, draft.priority, draft.context].contains { !$0.isEmpty }
            || names.contains { name in refusal?.faults.contains { $0.field == name } ?? false }
        return #"""
            <details class="more" id="more"\#("open", if: isOpen)><summary>When it begins, priority, context</summary>
            \#(field("delay", "Begins after", draft.delay, "A duration, as in 10m."))
            \#(field("startAt", "or begins at", draft.startAt, "A time with its zone, as in 2027-01-31T12:00:00Z."))
            \#(field("priority", "Priority", draft.priority, "From \(Lane.priorities.lowerBound) to \(Lane.priorities.upperBound), the higher first, among its tenant's runs, while engines can't keep up."))
            <label for="s-context">Context, as a JSON object</label>
            <textarea id="s-context" name="context" rows="3" spellcheck="false" autocomplete="off"\#(invalid("context"))>\#(Self.kept(draft.context))</textarea>\#(faults("context"))</details>
            """#
    }

    private func field(_ name: String, _ title: String, _ value: String, _ hint: HTML) -> HTML {
        #"""
        <div class="start-field"><label for="s-\#(name)">\#(title) <span class="quiet">(may be left out)</span></label>
        <input id="s-\#(name)" name="\#(name)" value="\#(value)" maxlength="255" autocomplete="off" spellcheck="false"\#(invalid(name, hint: true))><p class="quiet" id="s-\#(name)-hint">\#(hint)</p>\#(faults(name))</div>
        """#
    }

    /// What a reader who does not see the field is told of it.
    private func invalid(_ name: String, hint: Bool = false) -> HTML {
        let isWrong = refusal?.faults.contains { $0.field == name } ?? false
        let ids = (isWrong ? ["s-\(name)-faults"] : []) + (hint ? ["s-\(name)-hint"] : [])
        return
            #"\#("aria-invalid", attribute: isWrong ? "true" : nil)\#("aria-describedby", attribute: ids.isEmpty ? nil : ids.joined(separator: " "))"#
    }

    private func faults(_ name: String) -> HTML {
        let all = refusal?.faults.filter { $0.field == name } ?? []
        guard !all.isEmpty else { return .empty }
        let lines = all.map { fault -> HTML in
            let place: HTML? = fault.pointer.tokens.count > 1 ? "<code>\(fault.pointer.description)</code> " : nil
            return #"<li>\#(Icon.warning.svg)<span dir="auto">\#(place)\#(fault.detail)</span></li>"#
        }
        return #"<ul class="faults" id="s-\#(name)-faults">\#(lines)</ul>"#
    }

    /// A browser drops the first line feed of a text area.
    private static func kept(_ text: String) -> HTML { text.hasPrefix("\n") ? "\n\(text)" : HTML(text: text) }

    /// The members of the input that its templates and conditions name, in the order in which they come.
    static func reads(_ definition: WorkflowDefinition) -> [String] {
        var names: [String] = []
        for match in definition.source.text.matches(of: /(?:\$\{|")input\.([A-Za-z_][A-Za-z0-9_-]*)/) {
            let name = String(match.output.1)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
