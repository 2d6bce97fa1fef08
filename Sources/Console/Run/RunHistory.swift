import Core

/// The table of what happened in a run.
struct RunHistory {
    let view: RunView
    let frame: Frame

    var html: HTML {
        guard !view.events.isEmpty else { return Part.empty("Nothing has happened yet.") }
        let path = frame.paths.run(view.run.id)
        let earlier: HTML =
            #"<p class="pages"><a href="\#(Paths.query(path, [("after", "0")]))#history-title">From the beginning</a></p>"#
        let more: HTML? = view.nextAfter.map {
            #"<p class="pages"><a href="\#(Paths.query(path, [("after", String($0))]))#history-title">Later events</a></p>"#
        }
        return #"""
            \#(if: view.hasEarlier || view.after > 0, earlier)
            <div class="scroll" tabindex="0" role="group" aria-label="History"><table class="history">
            <thead><tr><th scope="col">#</th><th scope="col">Time</th><th scope="col">What happened</th><th scope="col">Step</th><th scope="col">Details</th></tr></thead>
            <tbody>\#(view.events.map(row))</tbody></table></div>\#(more)
            """#
    }

    private func row(_ event: EventView) -> HTML {
        #"""
        <tr class="\#(Self.tone(event))"><td>\#(event.sequence)</td><td>\#(Part.time(event.at))</td><td>\#(Self.words(event))</td>
        <td>\#(event.stepID)</td><td>\#(details(event))</td></tr>
        """#
    }

    private func details(_ event: EventView) -> HTML {
        var parts: [HTML] = []
        if let attempt = event.attempt { parts.append("attempt \(attempt)") }
        if let status = event.httpStatus { parts.append("HTTP \(status)") }
        if let duration = event.duration { parts.append("\(Part.duration(duration))") }
        if let retry = event.retryIn { parts.append("again in \(Part.duration(retry))") }
        if let by = event.data?["by"]?.string { parts.append("by \(by)") }
        if let error = event.error { parts.append(#"<span class="error" dir="auto">\#(error.text)</span>"#) }
        if let reason = event.data?["reason"]?.string { parts.append(#"<q dir="auto">\#(reason)</q>"#) }
        let line = parts.joined(by: #" <span class="dot" aria-hidden="true">·</span> "#)
        guard let data = event.data, let object = data.object,
            object.keys.contains(where: { !["by", "reason"].contains($0) })
        else { return line }
        let payload = PayloadView(json: data, whole: frame.paths.json(view.run.id))
        return "\(line)\(payload.details("Data", id: "event-\(event.sequence)"))"
    }

    private static func tone(_ event: EventView) -> String {
        if event.kind == "attempt_failed" || event.kind == "run_failed" || event.kind == "step_failed" { return "bad" }
        return event.action == "compensate" || event.kind == "run_compensating" ? "undo" : "plain"
    }

    /// `attempt_succeeded` of an undo is "Undo succeeded". What a later release calls by another name is shown by it.
    static func words(_ event: EventView) -> String {
        let what = event.action == "compensate" ? "Undo" : "Attempt"
        switch event.kind {
        case "attempt_started": return "\(what) began"
        case "attempt_succeeded": return "\(what) succeeded"
        case "attempt_failed":
            switch event.outcome {
            case "unknown": return "\(what) ended without an answer"
            case "notSent": return "\(what) was not sent"
            case "busy": return "\(what) is to be made later"
            case "rejected": return "\(what) was refused"
            default: return "\(what) failed"
            }
        case "attempt_accepted": return "\(what) was accepted"
        case "attempt_looked": return "\(what) was asked about"
        default:
            let words = event.kind.replacing("_", with: " ")
            return words.prefix(1).uppercased() + words.dropFirst()
        }
    }
}
