import Core

/// What a list of runs can be narrowed down by, and what it tells of each.
struct RunFilterForm {
    let filter: RunFilter
    let choices: RunsPage.Choices
    let frame: Frame

    static let waits = [
        ("retry", "a retry"), ("timer", "a timer"), ("signal", "a signal"), ("callback", "a callback"),
        ("poll", "accepted work"),
        ("child", "a child run"), ("operator", "a person"), ("participant", "a paused participant"),
        ("paused", "its resume"),
    ]

    var html: HTML {
        let waits = Self.waits.map { Part.option($0.0, "waits for \($0.1)", isChosen: filter.waitingFor == $0.0) }
        let parent: HTML? = filter.parent.map { #"<input type="hidden" name="parent" value="\#($0)">"# }
        let status: HTML? = filter.status.map { #"<input type="hidden" name="status" value="\#($0)">"# }
        let clear: HTML = #"<a class="quiet-button" href="\#(frame.paths.runs)">Clear</a>"#
        return #"""
            <form class="filters" method="get" action="\#(frame.paths.runs)">\#(status)\#(parent)
            \#(field("workflow", "Workflow", filter.workflow, from: choices.workflows))
            \#(field("version", "Version", filter.version, from: choices.versions, size: 9))
            <div class="field"><label for="f-waits">State</label><select id="f-waits" name="waitingFor">\#(Part.option("", "whatever it waits for", isChosen: filter.waitingFor == nil))\#(waits)</select></div>
            \#(field("error", "Error", filter.error, hint: "kind, or part of it"))
            \#(field("correlationId", "Correlation id", filter.correlationID))
            \#(more)\#(columns)
            <div class="field buttons"><button class="button">Filter</button>\#(if: !filter.isEmpty, clear)</div></form>
            """#
    }

    private func field(
        _ name: String, _ title: String, _ value: String?, from choices: [String]? = nil, size: Int? = nil,
        hint: String? = nil, type: String = "text"
    ) -> HTML {
        let list: HTML? = choices.map { choices in
            #"<datalist id="\#(name)s">\#(choices.map { #"<option value="\#($0)"></option>"# as HTML })</datalist>"#
        }
        return #"""
            <div class="field"><label for="f-\#(name)">\#(title)</label><input id="f-\#(name)" name="\#(name)" type="\#(type)" value="\#(value)"\#("list", attribute: choices.map { _ in "\(name)s" })\#("size", attribute: size.map { "\($0)" })\#("placeholder", attribute: hint) autocomplete="off" spellcheck="false">\#(list)</div>
            """#
    }

    private var more: HTML {
        let isOpen =
            filter.tenantID != nil || filter.createdAfter != nil || filter.createdBefore != nil || filter.step != nil
            || filter.minAttempts != nil || filter.isOverdue
        return #"""
            <details class="more-filters" id="more-filters"\#("open", if: isOpen)><summary>Step, attempts, time, tenant</summary><div class="filters">
            \#(field("step", "At the step", filter.step, from: choices.steps))
            \#(field("minAttempts", "Attempts, at least", filter.minAttempts, size: 4))
            <div class="field"><label class="check" for="f-overdue"><input type="checkbox" id="f-overdue" name="overdue" value="true"\#("checked", if: filter.isOverdue)>Past the deadline</label></div>
            \#(field("createdAfter", "Started from (UTC)", filter.createdAfter, hint: "2026-01-31T12:00Z"))
            \#(field("createdBefore", "Started before (UTC)", filter.createdBefore, hint: "2026-02-01"))
            \#(field("tenantId", "Tenant", filter.tenantID))</div></details>
            """#
    }

    private var columns: HTML {
        let boxes = RunColumn.allCases.map { column -> HTML in
            #"<label class="check" for="c-\#(column.rawValue)"><input type="checkbox" id="c-\#(column.rawValue)" name="column" value="\#(column.rawValue)"\#("checked", if: filter.columns.contains(column))>\#(column.title)</label>"#
        }
        return #"""
            <details class="more-filters" id="columns"><summary>Columns</summary><fieldset class="columns"><legend>What is told of each run</legend>\#(boxes)</fieldset></details>
            """#
    }
}
