import Core

/// Workflows and runs as people have them, to draw and to look at.
enum GraphSamples {
    /// A definition of steps as people name them: `a b c` is a chain, `c<a,b` waits for both, `d<` for nothing. Signs
    /// behind the id: `!` has no compensation, `-` needs none, `?` has a condition, `+` may fail, `^` is the pivot,
    /// `*` is done for each entry of a list, `~` waits for a signal, `:` waits, `@` starts a run, `#` ends the run,
    /// `&` may be accepted and called back.
    static func workflow(_ name: String, _ text: String, version: String = "1.0.0") throws -> WorkflowDefinition {
        let signs: Set<Character> = ["!", "-", "?", "+", "^", "*", "~", ":", "@", "#", "&"]
        let steps = text.split(separator: " ").map { word -> JSON in
            let parts = word.split(separator: "<", omittingEmptySubsequences: false)
            var id = String(parts[0])
            var found: Set<Character> = []
            while let last = id.last, signs.contains(last) {
                found.insert(last)
                id.removeLast()
            }
            var step: JSON = ["id": .string(id)]
            if parts.count == 2 {
                step["dependsOn"] = .array(parts[1].split(separator: ",").map { .string(String($0)) })
            }
            if found.contains("~") {
                step["await"] = ["signal": "approval"]
            } else if found.contains(":") {
                step["wait"] = ["for": "2h"]
            } else if found.contains("@") {
                step["run"] = ["workflow": "order-dispatch"]
            } else if found.contains("#") {
                step["end"] = ["as": "completed"]
            } else {
                step["action"] = ["participant": "payments", "path": .string("/\(id)")]
                if found.contains("&") { step["action"]?["completion"] = "callback" }
                if found.contains("-") {
                    step["compensation"] = "none"
                } else if !found.contains("!") {
                    step["compensation"] = ["participant": "payments", "path": .string("/\(id)/cancel")]
                }
            }
            if found.contains("?") { step["when"] = ["==": [["var": "input.go"], true]] }
            if found.contains("+") { step["onFailure"] = "continue" }
            if found.contains("^") { step["pivot"] = true }
            if found.contains("*") { step["forEach"] = ["in": "${input.items}", "maxParallel": 4] }
            return step
        }
        return try WorkflowDefinition([
            "name": .string(name), "version": .string(version),
            "retry": ["maxAttempts": 3, "initialInterval": "1s", "maxInterval": "30s", "multiplier": 2, "jitter": 0],
            "compensationRetry": [
                "maxAttempts": 4, "initialInterval": "2s", "maxInterval": "5m", "multiplier": 5, "jitter": 0,
            ],
            "steps": .array(steps),
        ])
    }

    static let order = "reserve pay notify-"
    static let trip =
        "quote- flight<quote hotel<quote car?+<quote travel-insurance<flight,hotel approval~<flight,hotel "
        + "pay<flight,hotel,car,travel-insurance,approval tickets^<pay itinerary-<tickets loyalty-points+<tickets"
    static let market = "order reserve-line* pay& parcels*@ cool-down: confirm!"

    /// Thirty steps: four teams' parts beside each other, that meet.
    static let thirty: String = {
        var words = ["intake", "fraud-check", "credit-check<intake", "kyc-documents<intake"]
        words.append("accept<fraud-check,credit-check,kyc-documents")
        for team in ["stock", "price", "legal"] {
            words.append("\(team)-open<accept")
            for step in 1...5 {
                words.append("\(team)-\(["read", "reserve", "confirm-with-supplier", "sign", "close"][step - 1])")
            }
        }
        words.append("contract^<stock-close,price-close,legal-close")
        words += [
            "invoice-", "archive+", "crm-update-<contract", "welcome-mail-<contract",
            "mark-done-<archive,crm-update,welcome-mail",
        ]
        words.append("bye~")
        return words.joined(separator: " ")
    }()

    /// A hundred: a chain that forks by four now and then.
    static let hundred: String = {
        var left = (1...100).map { "step-" + String(repeating: "0", count: 3 - String($0).count) + String($0) }[...]
        var (words, last) = ([String](), left.removeFirst())
        words.append(last)
        while let next = left.popFirst() {
            guard (100 - left.count) % 20 == 5, left.count > 10 else {
                words.append("\(next)<\(last)")
                last = next
                continue
            }
            let branches = [next] + left.prefix(3)
            words += branches.map { "\($0)<\(last)" }
            left = left.dropFirst(3)
            last = left.removeFirst()
            words.append("\(last)<\(branches.joined(separator: ","))")
        }
        return words.joined(separator: " ")
    }()
}
