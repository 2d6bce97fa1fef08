import Core

/// Who changed what, and who was refused.
package struct AuditPage: Sendable {
    let entries: [AuditEntryView]
    let filter: AuditFilter
    let nextCursor: String?
    /// Names of what is done, to choose from.
    let actions: [String]
    let frame: Frame

    package init(
        _ entries: [AuditEntryView], _ filter: AuditFilter, nextCursor: String?, actions: [String], _ frame: Frame
    ) {
        self.entries = entries
        self.filter = filter
        self.nextCursor = nextCursor
        self.actions = actions
        self.frame = frame
    }

    package var html: HTML {
        frame.page(
            "Audit", in: .audit, live: filter.cursor == nil ? .every(10) : nil,
            #"""
            <div class="title"><h1>Audit</h1></div>
            <p>Who changed what, and who was refused, the latest first.</p>
            \#(form)\#(report)
            <div id="audit" data-live data-rows>\#(list)</div>
            \#(pages)
            <details class="panel" id="believe"><summary>Can it be believed?</summary>
            <p>Each row holds a hash of itself and of the one before it, in a chain for each tenant: a row that is changed, taken out or put in between breaks it. Whoever can write to the database could write the chain anew, so keep its head elsewhere, and compare:</p>
            \#(Part.copied("saga audit heads >> /somewhere/else\nsaga audit verify --expect TENANT:NUMBER:HASH", id: "verify"))</details>
            """#)
    }

    private var form: HTML {
        func field(_ name: String, _ title: String, _ placeholder: String? = nil, list: String? = nil) -> HTML {
            #"<div class="field"><label for="a-\#(name)">\#(title)</label><input id="a-\#(name)" name="\#(name)" value="\#(filter[name])" autocomplete="off" spellcheck="false" maxlength="512"\#("placeholder", attribute: placeholder)\#("list", attribute: list)></div>"#
        }
        let names = actions.map { #"<option value="\#($0)"></option>"# as HTML }
        let outcomes = [("", "done or refused"), ("done", "done"), ("refused", "refused")].map {
            Part.option($0.0, $0.1, isChosen: (filter["outcome"] ?? "") == $0.0)
        }
        let isOpen = ["runId", "tenant", "from", "until", "requestId"].contains { filter[$0] != nil }
        let clear: HTML = #"<a class="quiet-button" href="\#(frame.paths.audit)">Clear</a>"#
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.audit)">
            \#(field("actor", "Who", "key:ann/1f0c2b3a"))\#(field("action", "Did what", "put_participant", list: "audit-actions"))<datalist id="audit-actions">\#(names)</datalist>
            \#(field("subject", "About", "participants/payments"))
            <div class="field"><label for="a-outcome">Outcome</label><select id="a-outcome" name="outcome">\#(outcomes)</select></div>
            <details class="more-filters" id="more-filters"\#("open", if: isOpen)><summary>Run, time, tenant, request</summary><div class="filters">
            \#(field("runId", "Run"))\#(field("from", "From (UTC)", "2026-01-31T12:00Z"))\#(field("until", "Before (UTC)", "2026-02-01"))\#(field("tenant", "Tenant", "* for what belongs to all"))\#(field("requestId", "Request id"))</div></details>
            <div class="field buttons"><button class="button">Filter</button>\#(if: !filter.isEmpty, clear)</div></form>
            """#
    }

    private var report: HTML? {
        guard let runID = filter["runId"], frame.may("runs:read") else { return nil }
        return
            #"<p><a class="button" href="\#(frame.paths.report(runID))">All that is known of this run, as one document</a></p>"#
    }

    private var list: HTML {
        guard !entries.isEmpty else {
            if filter.cursor != nil { return Part.empty("No earlier rows.") }
            return filter.isEmpty
                ? Part.empty(
                    "Nothing has been changed yet.",
                    "<p>What people and programs change, and what they are refused, is written here.</p>")
                : Part.empty(
                    "No row matches.", #"<p>Filters match whole words. <a href="\#(frame.paths.audit)">See all</a></p>"#
                )
        }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Audit"><table class="stacked audit"><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Did what</th><th scope="col">About</th><th scope="col">Outcome</th><th scope="col">More</th></tr></thead><tbody>\#(entries.map(row))</tbody></table></div>
            """#
    }

    private func link(_ name: String, _ value: String, _ text: HTML) -> HTML {
        #"<a href="\#(Paths.query(frame.paths.audit, [(name, value)]))">\#(text)</a>"#
    }

    private func row(_ entry: AuditEntryView) -> HTML {
        let outcome: HTML =
            entry.isRefused
            ? #"<span class="state bad">\#(Icon.cancelled.svg)Refused</span>\#(entry.reason)"#
            : #"<span class="state good">\#(Icon.done.svg)Done</span>"#
        let owner: HTML = entry.tenant == "*" ? "all" : link("tenant", entry.tenant, HTML(text: entry.tenant))
        return #"""
            <tr data-key="\#(entry.tenant)/\#(entry.number)"><th scope="row">\#(Part.time(entry.at))<span class="under">\#(owner) · \#(entry.number)</span></th>
            <td data-name="Who">\#(link("actor", entry.actor, HTML(text: entry.actor)))</td><td data-name="Did what"><b>\#(entry.title)</b></td><td data-name="About">\#(about(entry))</td><td data-name="Outcome">\#(outcome)</td><td class="says">\#(more(entry))</td></tr>
            """#
    }

    private func about(_ entry: AuditEntryView) -> HTML {
        if let runID = entry.runID {
            let run: HTML =
                frame.may("runs:read")
                ? #"<a href="\#(frame.paths.run(runID))">run \#(Part.short(runID))</a>"# : "run \(Part.short(runID))"
            let report: HTML = #" · <a href="\#(frame.paths.report(runID))">report</a>"#
            return "\(run)\(if: frame.may("runs:read"), report)"
        }
        if let participant = entry.participant, frame.may("participants:read") {
            return #"<a href="\#(frame.paths.participant(participant, tenant: entry.tenant))">\#(entry.subject)</a>"#
        }
        guard let subject = entry.subject else { return #"<span class="none">–</span>"# }
        return link("subject", subject, HTML(text: subject))
    }

    private func more(_ entry: AuditEntryView) -> HTML {
        let detail: HTML? =
            entry.detail.object?.isEmpty ?? true
            ? nil : Part.copied(PayloadView.lines(entry.detail), id: "detail-\(entry.mark)")
        let request: HTML? = entry.requestID.map { link("requestId", $0, "<code>\($0)</code>") }
        return #"""
            <details id="more-\#(entry.mark)"><summary>Details</summary><dl class="facts">
            \#(Part.fact("Request", request))\#(Part.fact("From", entry.clientAddress.map { HTML(text: $0) }))\#(Part.fact("Trace", entry.traceID.map { "<code>\($0)</code>" }))
            \#(Part.fact("Hash", entry.hash.map { #"<code class="url">\#($0)</code>"# }))</dl>\#(detail)</details>
            """#
    }

    private var pages: HTML {
        var links = HTML.empty
        if filter.cursor != nil { links += #"<a href="\#(Paths.query(frame.paths.audit, filter.members))">Latest</a>"# }
        if let nextCursor {
            links +=
                #"<a rel="next" href="\#(Paths.query(frame.paths.audit, filter.members + [("cursor", nextCursor)]))">Earlier</a>"#
        }
        return links.isEmpty ? .empty : #"<nav class="pages" aria-label="Pages">\#(links)</nav>"#
    }
}
