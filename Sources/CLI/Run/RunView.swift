import Core

/// A run and its steps for people, from the answer of `GET /v1/runs/{runId}`.
struct RunView {
    private let run: JSON
    private let steps: [JSON]
    private let paint: Paint

    init(_ json: JSON, paint: Paint) {
        run = json["run"] ?? .null
        steps = json["steps"]?.array ?? []
        self.paint = paint
    }

    var text: String { (head + [""] + table + children + endCalls).joined(separator: "\n") }

    private var parent: String? {
        guard let parent = run["parent"]?["runId"]?.string, let step = run["parent"]?["stepId"]?.string else {
            return nil
        }
        return step == ParentLink.onEnd ? "\(parent): these are the calls after its end" : "\(parent), step \(step)"
    }

    /// The runs that make the calls after its ends, one line each.
    private var endCalls: [String] {
        let rows = (run["onEnd"]?.array ?? []).map { calls in
            "\(calls["runId"]?.string ?? "?")  \(calls["status"]?.string.map { Self.painted($0, paint) } ?? "?")"
        }
        return rows.isEmpty ? [] : ["", paint.dim("CALLS AFTER THE END")] + rows
    }

    /// The runs that its steps have started, one line each.
    private var children: [String] {
        let rows = steps.compactMap { step -> String? in
            guard let child = step["child"], let id = child["runId"]?.string else { return nil }
            let status = child["status"]?.string.map { Self.painted($0, paint) } ?? "?"
            return "\(step["stepId"]?.string ?? "?") └ \(id)  \(child["workflow"]?.string ?? "?")  \(status)"
        }
        return rows.isEmpty ? [] : ["", paint.dim("CHILDREN")] + rows
    }

    private var head: [String] {
        var lines = [
            line("run", run["runId"]?.string),
            line(
                "workflow",
                "\(run["workflowName"]?.string ?? "?") \(run["workflowVersion"]?.string ?? "")"
                    + OwnerOptions.suffix(run, "workflowTenant")),
            line("parent", parent), line("status", statusText), line("error", run["error"].flatMap(Self.failure)),
            line("restarts", restartedFrom), line("restarted", run["restartedAs"]?.string.map { "as \($0)" }),
            line("waits for", waitingFor), line("created", run["createdAt"]?.string),
        ]
        if let end = instant(run["completedAt"]), let begin = instant(run["createdAt"]) {
            lines.append(line("ended", "\(end) (after \((end - begin).readable))"))
        } else {
            lines.append(line("deadline", run["deadlineAt"]?.string))
        }
        if let output = run["output"], !output.isNull { lines.append(line("output", output.text.clipped)) }
        return lines.compactMap(\.self)
    }

    /// Which run it does anew, and from where.
    private var restartedFrom: String? {
        guard let from = run["restartedFrom"], let runID = from["runId"]?.string else { return nil }
        return "\(runID)" + (from["fromStep"]?.string.map { ", from \($0) on" } ?? ", all of it")
    }

    private var table: [String] {
        let rows = steps.flatMap { [row($0)] + elementRows($0["elements"]?.array ?? []) }
        let titles = ["STEP", "STATUS", "ATTEMPTS", "COMPENSATION", "LAST ENGINE", "LAST ERROR"]
        let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
        return ([titles] + rows).enumerated().map { number, row in
            let cells = zip(row, widths).map { $0.left($1) }.joined(separator: "  ")
            let line = String(cells.reversed().drop { $0 == " " }.reversed())
            return number == 0 ? paint.dim(line) : line
        }
    }

    private func row(_ step: JSON) -> [String] {
        let elements = step["elements"]?.array
        let attempts = elements.map { "\($0.count) elements" } ?? "\(step["attempts"]?.int ?? 0)"
        return [
            step["stepId"]?.string ?? "?", step["status"]?.string ?? "?", attempts, compensation(step),
            step["engine"]?.string ?? "-", step["error"].flatMap(Self.failure) ?? "",
        ]
    }

    /// Elements that are shown; of more, first those that are not simply done.
    private static let mostElements = 20

    private func elementRows(_ elements: [JSON]) -> [[String]] {
        func isPlain(_ element: JSON) -> Bool {
            let status = element["status"]?.string
            let isQuiet = status == "PENDING" && element["attempts"]?.int == 0
            return (status == "SUCCEEDED" || isQuiet) && element["compensationStatus"]?.string == "NOT_REQUIRED"
        }
        var shown = elements
        if elements.count > Self.mostElements {
            shown = Array((elements.filter { !isPlain($0) } + elements.filter(isPlain)).prefix(Self.mostElements))
        }
        var rows = shown.map { element in
            var row = row(element)
            row[0] = "  " + row[0]
            return row
        }
        if shown.count < elements.count {
            rows.append(["  and \(elements.count - shown.count) more", "", "", "", "", ""])
        }
        return rows
    }

    private func compensation(_ step: JSON) -> String {
        guard let status = step["compensationStatus"]?.string, status != "NOT_REQUIRED" else { return "-" }
        return "\(status) (\(step["compensationAttempts"]?.int ?? 0))"
    }

    private var statusText: String {
        let status = run["status"]?.string ?? "?"
        let cause = run["cause"]?.string.map { "  (\($0))" } ?? ""
        return Self.painted(status, paint) + cause
    }

    /// What the run waits for; nil when it is over.
    var waitingFor: String? {
        guard let waiting = run["waitingFor"], let kind = waiting["kind"]?.string else { return nil }
        func text(_ key: String) -> String { waiting[key]?.string ?? "?" }
        let what = "\(text("action")) \(text("stepId"))"
        switch kind {
        case "retry": return "the next attempt to \(what) at \(text("until"))"
        case "breaker":
            return "the next attempt to \(what) at \(text("until")); the breaker of \(text("participant")) is open"
        case "call":
            let held = waiting["holdsUp"]?.string.map { "; then comes the \($0)" } ?? ""
            let queue =
                waiting["queued"]?.int.map { "; \($0) calls wait for \(text("participant"))'s limits" } ?? ""
            return "the answer to \(what), called at \(text("since")), at most until \(text("until"))\(held)\(queue)"
        case "callback": return "\(text("participant")) to call back about \(what), at most until \(text("until"))"
        case "poll":
            return
                "the end of \(what), which \(text("participant")) has accepted; the next look is at \(text("nextLook")), "
                + "and it is waited for until \(text("until"))"
        case "signal":
            let until = waiting["until"]?.string.map { ", at most until \($0)" } ?? ""
            return "the signal \(text("name")) for \(text("stepId"))\(until)"
        case "child":
            let state = waiting["status"]?.string.map { ", which is \($0)" } ?? ""
            return "the end of \(text("runId")), the child of \(text("stepId"))\(state)"
        case "timer" where waiting["stepId"] == nil: return "its beginning at \(text("until"))"
        case "timer": return "the end of \(text("stepId")) at \(text("until"))"
        case "paused":
            let reason = waiting["reason"]?.string.map { ": \($0.clipped)" } ?? ""
            return "a resume; \(text("by").clipped) paused it at \(text("since"))\(reason)"
        case "deadline": return "its deadline at \(text("until"))"
        case "engine": return waiting["liveEngines"]?.int == 0 ? "an engine: none is alive" : "an engine"
        case "takeover":
            return "the end of a lease at \(text("until")): its engine \(text("engine")) gives no sign of life"
        case "operator" where waiting["stepId"] != nil:
            return "a person, to say what becomes of \(text("stepId")): \(text("reason").clipped)"
        case "operator": return "a person: \(text("reason"))"
        default: return kind
        }
    }

    private func line(_ name: String, _ value: String?) -> String? {
        value.map { paint.dim(name.left(10)) + "  " + $0 }
    }

    private func instant(_ json: JSON?) -> Instant? { json?.string.flatMap { Instant($0) } }

    /// A status in the colour of its meaning.
    static func painted(_ status: String, _ paint: Paint) -> String {
        switch status {
        case "COMPLETED": paint.green(status)
        case "FAILED": paint.red(status)
        case "COMPENSATED", "CANCELLED", "COMPENSATING": paint.yellow(status)
        default: status
        }
    }

    /// What is said of a payload that the key may not see; nil for anything else.
    private static func hidden(_ json: JSON) -> String? {
        json["redacted"] == true ? "not shown: it takes payloads:read" : nil
    }

    /// `step: message`.
    static func failure(_ error: JSON) -> String? {
        guard let message = error["message"]?.string ?? error.string ?? hidden(error["message"] ?? error) else {
            return nil
        }
        let detail = error["response"]?["detail"]?.string.map { " (\($0))" } ?? ""
        return ((error["stepId"]?.string.map { "\($0): " } ?? "") + message + detail).clipped
    }
}
