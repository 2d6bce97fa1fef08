import Core

/// The list of runs.
package struct RunsPage: Sendable {
    let runs: [RunSummary]
    let filter: RunFilter
    let nextCursor: String?
    /// Names of workflows, to choose from; empty where they are not known.
    let workflows: [String]
    let frame: Frame

    package init(_ runs: [RunSummary], _ filter: RunFilter, nextCursor: String?, workflows: [String], _ frame: Frame) {
        self.runs = runs
        self.filter = filter
        self.nextCursor = nextCursor
        self.workflows = workflows
        self.frame = frame
    }

    static let statuses = ["PENDING", "RUNNING", "COMPENSATING", "COMPLETED", "COMPENSATED", "CANCELLED", "FAILED"]
    static let waits = [
        ("retry", "a retry"), ("timer", "a timer"), ("signal", "a signal"), ("callback", "a callback"),
        ("poll", "accepted work"),
        ("child", "a child run"), ("operator", "a person"), ("participant", "a paused participant"),
        ("paused", "its resume"),
    ]

    package var html: HTML {
        frame.page(
            "Runs", in: .runs, live: filter.cursor == nil ? .every(5) : nil,
            #"""
            <div class="title"><h1>Runs</h1></div>
            \#(tabs)
            \#(form)
            <form id="bulk" method="post" action="\#(frame.paths.bulk)">\#(frame.token)\#(hiddenFilter)
            \#(if: frame.may("runs:operate") && !runs.isEmpty, bulk)
            <div id="runs" data-live data-rows>\#(list)</div>
            </form>
            \#(pages)
            """#)
    }

    private var tabs: HTML {
        func tab(_ title: String, _ status: String?) -> HTML {
            let target = filter.with {
                $0.status = status
                if status != nil { $0.waitingFor = nil }
            }
            let isHere = filter.status == status
            return
                #"<li><a href="\#(target.path(frame.paths))"\#("aria-current", attribute: isHere ? "true" : nil)>\#(title)</a></li>"#
        }
        let words = Self.statuses.map { status in
            tab(Part.word(status), status)
        }
        return #"<nav class="tabs" aria-label="Status"><ul>\#(tab("All", nil))\#(words)</ul></nav>"#
    }

    private var form: HTML {
        let waits = Self.waits.map { Part.option($0.0, "waits for \($0.1)", isChosen: filter.waitingFor == $0.0) }
        let names = workflows.map { #"<option value="\#($0)"></option>"# as HTML }
        let parent: HTML? = filter.parent.map { #"<input type="hidden" name="parent" value="\#($0)">"# }
        let status: HTML? = filter.status.map { #"<input type="hidden" name="status" value="\#($0)">"# }
        let clear: HTML = #"<a class="quiet-button" href="\#(frame.paths.runs)">Clear</a>"#
        let isOpen = filter.tenantID != nil || filter.createdAfter != nil || filter.createdBefore != nil
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.runs)">\#(status)\#(parent)
            <div class="field"><label for="f-workflow">Workflow</label><input id="f-workflow" name="workflow" value="\#(filter.workflow)" list="workflows" autocomplete="off" spellcheck="false"><datalist id="workflows">\#(names)</datalist></div>
            <div class="field"><label for="f-waits">State</label><select id="f-waits" name="waitingFor">\#(Part.option("", "whatever it waits for", isChosen: filter.waitingFor == nil))\#(waits)</select></div>
            <div class="field"><label for="f-correlation">Correlation id</label><input id="f-correlation" name="correlationId" value="\#(filter.correlationID)" autocomplete="off" spellcheck="false"></div>
            <details class="more-filters" id="more-filters"\#("open", if: isOpen)><summary>Time, tenant</summary><div class="filters">
            <div class="field"><label for="f-after">Started from (UTC)</label><input id="f-after" name="createdAfter" type="text" placeholder="2026-01-31T12:00Z" value="\#(filter.createdAfter)"></div>
            <div class="field"><label for="f-before">Started before (UTC)</label><input id="f-before" name="createdBefore" type="text" placeholder="2026-02-01" value="\#(filter.createdBefore)"></div>
            <div class="field"><label for="f-tenant">Tenant</label><input id="f-tenant" name="tenantId" value="\#(filter.tenantID)" autocomplete="off"></div></div></details>
            <div class="field buttons"><button class="button">Filter</button>\#(if: !filter.isEmpty, clear)</div></form>
            """#
    }

    private var hiddenFilter: HTML {
        filter.members.compactMap { name, value in
            value.map { #"<input type="hidden" name="\#(name)" value="\#($0)">"# as HTML }
        }.joined()
    }

    private var bulk: HTML {
        let options = BulkAction.allCases.map { Part.option($0.rawValue, $0.title, isChosen: false) }
        return #"""
            <div class="bulk"><label class="check"><input type="checkbox" id="all-here" data-all hidden><span id="chosen" aria-live="polite">Select runs, or take all that match</span></label>
            <label class="hidden" for="bulk-action">What to do</label><select id="bulk-action" name="action">\#(options)</select>
            <button class="button" name="of" value="chosen">Selected …</button>
            <button class="button" name="of" value="all">All that match …</button></div>
            """#
    }

    private var list: HTML {
        guard !runs.isEmpty else { return empty }
        let box = frame.may("runs:operate")
        let head: HTML = #"<th scope="col"><span class="hidden">Select</span></th>"#
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Runs"><table class="runs">
            <thead><tr>\#(if: box, head)<th scope="col">Run</th><th scope="col">Status</th><th scope="col">What happens, or why not</th><th scope="col">Started</th><th scope="col">Took</th></tr></thead>
            <tbody>\#(runs.map { row($0, box: box) })</tbody></table></div>
            """#
    }

    private func row(_ run: RunSummary, box: Bool) -> HTML {
        let check: HTML =
            #"<td><input type="checkbox" name="runId" value="\#(run.id)" aria-label="Select run \#(run.id.suffix(12))"></td>"#
        let correlation: HTML? =
            run.correlationID == run.id
            ? nil : #"<span class="quiet correlation"><bdi>\#(run.correlationID)</bdi></span>"#
        let took: HTML =
            if let begin = run.createdAt, let end = run.completedAt {
                #"\#(Part.duration(end - begin))"#
            } else {
                #"<span class="none">–</span>"#
            }
        return #"""
            <tr data-key="\#(run.id)">\#(if: box, check)<th scope="row"><a class="row-link" href="\#(frame.paths.run(run.id))">\#(run.workflow) <span class="version">\#(run.version)</span></a><span class="under">\#(Part.short(run.id)) \#(correlation)</span></th>
            <td>\#(Part.status(run.status, isPaused: run.isPaused))</td><td class="says">\#(RunLine(run: run).html)</td>
            <td>\#(Part.time(run.createdAt))</td><td class="nowrap">\#(took)</td></tr>
            """#
    }

    private var empty: HTML {
        if filter.cursor != nil { return Part.empty("No more runs.") }
        if filter.isEmpty {
            return Part.empty(
                "No run has been started yet.",
                #"<p>Register a workflow and start it:</p>\#(Part.copied("saga workflow apply mocks/workflows/order-processing.json\nsaga run start order-processing --input '{\"orderId\": \"o-1\"}'", id: "first-run"))"#
            )
        }
        return Part.empty(
            "No run matches.", #"<p>Take a filter away, or <a href="\#(frame.paths.runs)">see all runs</a>.</p>"#)
    }

    private var pages: HTML {
        var links = HTML.empty
        if filter.cursor != nil { links += #"<a href="\#(filter.path(frame.paths))">Newest</a>"# }
        if let nextCursor {
            links += #"<a rel="next" href="\#(filter.path(frame.paths, cursor: nextCursor))">Older runs</a>"#
        }
        return links.isEmpty ? .empty : #"<nav class="pages" aria-label="Pages">\#(links)</nav>"#
    }
}

/// What is to be said of a run in one line of a list.
struct RunLine {
    let run: RunSummary

    var html: HTML { #"<span class="line">\#(words)</span>"# }

    private var words: HTML {
        if let error = run.error, ["FAILED", "COMPENSATING", "COMPENSATED", "CANCELLED"].contains(run.status) {
            let step: HTML? = error.stepID.map { #"<b>\#($0)</b> "# }
            return #"<span class="error">\#(step)<span dir="auto">\#(error.text)</span></span>"#
        }
        guard let wait = run.wait else { return .empty }
        let step: HTML? = wait.stepID.map { #" <b>\#($0)</b>"# }
        let until: HTML? = wait.until.map { #", \#(Part.time($0, isRelative: true))"# }
        switch wait.kind {
        case "retry": return "Retries\(step)\(until)"
        case "breaker": return "Breaker of \(wait.participant ?? "a participant") is open,\(step)\(until)"
        case "timer": return "\(wait.stepID == nil ? "Begins" : "Lets time pass,")\(step)\(until)"
        case "signal": return "Waits for the signal <b>\(wait.name ?? "")</b>\(until)"
        case "callback": return "Waits for a callback,\(step)\(until)"
        case "poll": return "\(wait.participant ?? "A participant") is at work,\(step)\(until)"
        case "child": return "Waits for a run of <b>\(wait.workflow ?? "")</b>"
        case "paused":
            return #"Paused by \#(wait.by ?? "somebody")\#(wait.reason.map { #": <q dir="auto">\#($0)</q>"# as HTML })"#
        case "operator": return #"<span class="error">Needs a person,\#(step)</span>"#
        case "call": return "Calls <b>\(wait.participant ?? "")</b>,\(step)"
        case "deadline": return "Waits for its deadline\(until)"
        case "takeover": return #"<span class="error">Its engine gives no sign of life</span>"#
        case "engine":
            return wait.liveEngines == 0 ? #"<span class="error">No engine is alive</span>"# : "Waits for an engine"
        default: return "Waits (\(wait.kind))"
        }
    }
}
