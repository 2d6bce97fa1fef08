package import Core

/// The list of runs.
package struct RunsPage: Sendable {
    let runs: [RunSummary]
    let filter: RunFilter
    let nextCursor: String?
    /// The list ended early: of runs that were started before this nobody has looked whether they match.
    let lookedSince: Instant?
    let choices: Choices
    let frame: Frame

    /// What can be chosen from, as far as it is known.
    package struct Choices: Sendable {
        package var workflows: [String] = []
        /// Of the workflow that is asked for.
        package var versions: [String] = []
        package var steps: [String] = []

        package init() {}
    }

    package init(
        _ runs: [RunSummary], _ filter: RunFilter, nextCursor: String?, lookedSince: Instant? = nil,
        choices: Choices = Choices(), _ frame: Frame
    ) {
        self.runs = runs
        self.filter = filter
        self.nextCursor = nextCursor
        self.lookedSince = lookedSince
        self.choices = choices
        self.frame = frame
    }

    static let statuses = ["PENDING", "RUNNING", "COMPENSATING", "COMPLETED", "COMPENSATED", "CANCELLED", "FAILED"]

    package var html: HTML {
        frame.page(
            "Runs", in: .runs, live: filter.cursor == nil ? .every(5) : nil,
            #"""
            <div class="title"><h1>Runs</h1></div>
            \#(views)
            \#(tabs)
            \#(RunFilterForm(filter: filter, choices: choices, frame: frame).html)
            <form id="bulk" method="post" action="\#(frame.paths.bulk)">\#(frame.token)\#(hiddenFilter)
            \#(if: frame.may("runs:operate") && !(runs.isEmpty && nextCursor == nil), bulk)
            <div id="runs" data-live data-rows>\#(list)</div>
            </form>
            \#(pages)
            """#)
    }

    /// Filters that many want, and those that the reader has kept: the script adds them.
    private var views: HTML {
        func view(_ title: String, _ change: (inout RunFilter) -> Void) -> HTML {
            var other = RunFilter()
            change(&other)
            let isHere = other.with { $0.columns = filter.columns } == filter.with { _ in }
            return
                #"<li><a href="\#(other.path(frame.paths))"\#("aria-current", attribute: isHere ? "true" : nil)>\#(title)</a></li>"#
        }
        let own: HTML = #"""
            <form id="save-view" class="save-view" hidden><label class="hidden" for="view-name">Name of this view</label><input id="view-name" maxlength="60" placeholder="Name of this view" autocomplete="off"><button class="quiet-button">Save view</button></form>
            """#
        return #"""
            <nav class="views" aria-label="Views"><ul id="views">\#(view("Waits for a person") { $0.waitingFor = "operator" })\#(view("Waits to try again") { $0.waitingFor = "retry" })\#(view("Third attempt or later") { ($0.waitingFor, $0.minAttempts) = ("retry", "3") })\#(view("Past the deadline") { $0.isOverdue = true })</ul>\#(own)</nav>
            """#
    }

    private var tabs: HTML {
        func tab(_ title: String, _ status: String?) -> HTML {
            let target = filter.with {
                $0.status = status
                if status != nil { ($0.waitingFor, $0.isOverdue) = (nil, false) }
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
        let heads = filter.columns.map { #"<th scope="col">\#($0.title)</th>"# as HTML }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Runs"><table class="runs">
            <thead><tr>\#(if: box, head)<th scope="col">Run</th>\#(heads)</tr></thead>
            <tbody>\#(runs.map { row($0, box: box) })</tbody></table></div>
            """#
    }

    private func row(_ run: RunSummary, box: Bool) -> HTML {
        let check: HTML =
            #"<td><input type="checkbox" name="runId" value="\#(run.id)" aria-label="Select run \#(run.id.suffix(12))"></td>"#
        let correlation: HTML? =
            run.correlationID == run.id || filter.columns.contains(.correlation)
            ? nil : #"<span class="quiet correlation"><bdi>\#(run.correlationID)</bdi></span>"#
        return #"""
            <tr data-key="\#(run.id)">\#(if: box, check)<th scope="row"><a class="row-link" href="\#(frame.paths.run(run.id))">\#(run.workflow) <span class="version">\#(run.version)</span></a><span class="under">\#(Part.short(run.id)) \#(correlation)</span></th>
            \#(filter.columns.map { cell($0, run) })</tr>
            """#
    }

    private func cell(_ column: RunColumn, _ run: RunSummary) -> HTML {
        let none: HTML = #"<span class="none">–</span>"#
        switch column {
        case .status: return "<td>\(Part.status(run.status, isPaused: run.isPaused))</td>"
        case .why: return #"<td class="says">\#(RunLine(run: run).html)</td>"#
        case .started: return "<td>\(Part.time(run.createdAt))</td>"
        case .took:
            guard let begin = run.createdAt, let end = run.completedAt else { return "<td>\(none)</td>" }
            return #"<td class="nowrap">\#(Part.duration(end - begin))</td>"#
        case .changed: return "<td>\(Part.time(run.updatedAt))</td>"
        case .deadline: return "<td>\(Part.time(run.deadlineAt))</td>"
        case .correlation: return "<td><bdi>\(run.correlationID)</bdi></td>"
        case .cause: return #"<td>\#(run.cause.map { Self.cause($0) } ?? none)</td>"#
        case .parent:
            return
                #"<td>\#(run.parent.map { #"<a href="\#(frame.paths.run($0.id))">\#(Part.short($0.id))</a>"# } ?? none)</td>"#
        }
    }

    private static func cause(_ cause: String) -> HTML {
        switch cause {
        case "STEP_FAILED": "A step failed"
        case "CANCEL_REQUESTED": "It was cancelled"
        case "DEADLINE_EXCEEDED": "Its deadline passed"
        case "UNDO_REQUESTED": "Its undo was asked for"
        case "QUARANTINED": "It was set aside"
        // A later release may know more.
        default: "\(cause)"
        }
    }

    private var empty: HTML {
        if let lookedSince {
            return Part.empty(
                "None of these runs matches.",
                #"<p>Looked at those started since \#(Part.time(lookedSince)). <a rel="next" href="\#(filter.path(frame.paths, cursor: nextCursor))">Look further back</a>.</p>"#
            )
        }
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
            let older = filter.path(frame.paths, cursor: nextCursor)
            if let lookedSince {
                if !runs.isEmpty {
                    links +=
                        #"<span class="quiet">Looked at runs started since \#(Part.time(lookedSince)); older ones may match, too.</span><a rel="next" href="\#(older)">Look further back</a>"#
                }
            } else {
                links += #"<a rel="next" href="\#(older)">Older runs</a>"#
            }
        }
        return links.isEmpty ? .empty : #"<nav class="pages" aria-label="Pages">\#(links)</nav>"#
    }
}
