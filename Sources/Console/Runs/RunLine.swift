import Core

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
