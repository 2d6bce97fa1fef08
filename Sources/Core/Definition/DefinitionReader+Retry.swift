extension DefinitionReader {
    /// The policies under `key`, what they leave out (or all of it) taken from `parent`.
    mutating func retryRules(
        _ key: String, in object: JSONObject, at pointer: JSONPointer, inheriting parent: RetryRules
    ) -> RetryRules {
        optional(key, in: object, at: pointer) { $0.retryRules($1, at: $2, inheriting: parent) } ?? parent
    }

    private mutating func retryRules(
        _ json: JSON, at pointer: JSONPointer, inheriting parent: RetryRules
    ) -> RetryRules? {
        guard let elements = json.array else {
            return retryPolicy(json, at: pointer, inheriting: parent.rest)?.policy.map { RetryRules($0) }
        }
        guard (1...16).contains(elements.count) else {
            refuse(pointer, "A list of policies has 1 to 16.")
            return nil
        }
        var rules: [(on: [RetryRules.Match], policy: RetryPolicy)] = []
        var rest: RetryPolicy?
        for (index, element) in elements.enumerated() {
            let place = pointer.appending(index)
            if rest != nil {
                refuse(place, "It follows one without \"on\", which is for everything, so it never counts.")
            }
            guard let read = retryPolicy(element, at: place, inheriting: parent.rest, isListed: true),
                let policy = read.policy
            else { continue }
            if let on = read.on { rules.append((on, policy)) } else { rest = policy }
        }
        return RetryRules(rules, rest: rest ?? parent.rest)
    }

    /// One policy; `on` is nil when it is for everything.
    private mutating func retryPolicy(
        _ json: JSON, at pointer: JSONPointer, inheriting parent: RetryPolicy, isListed: Bool = false
    ) -> (on: [RetryRules.Match]?, policy: RetryPolicy?)? {
        let members = ["maxAttempts", "initialInterval", "maxInterval", "multiplier", "jitter", "maxElapsed"]
        guard let fields = self.object(json, at: pointer, members: isListed ? ["on"] + members : members) else {
            return nil
        }
        let on = isListed ? optional("on", in: fields, at: pointer) { $0.matches($1, at: $2) } : nil
        let day = Duration.seconds(86_400)
        let attempts = optional("maxAttempts", in: fields, at: pointer) { $0.attempts($1, at: $2) }
        let initial = optional("initialInterval", in: fields, at: pointer) { $0.duration($1, at: $2, max: day) }
        let max = optional("maxInterval", in: fields, at: pointer) { $0.duration($1, at: $2, max: day) }
        let multiplier = optional("multiplier", in: fields, at: pointer) { $0.number($1, at: $2, in: 1...10) }
        let jitter = optional("jitter", in: fields, at: pointer) { $0.number($1, at: $2, in: 0...1) }
        let elapsed = optional("maxElapsed", in: fields, at: pointer) {
            $0.duration($1, at: $2, max: .seconds(30 * 86_400))
        }
        if let initial, let max, max < initial {
            refuse(pointer.appending("maxInterval"), "The longest interval is not shorter than the first.")
        }
        let policy = RetryPolicy(
            maxAttempts: attempts ?? parent.maxAttempts, initialInterval: initial ?? parent.initialInterval,
            // Who asks for a longer first interval does not want it cut by a longest one that somebody else has set.
            maxInterval: max ?? Swift.max(parent.maxInterval, initial ?? .zero),
            multiplier: multiplier ?? parent.multiplier,
            jitter: jitter ?? parent.jitter, maxElapsed: elapsed ?? parent.maxElapsed)
        return (on, policy)
    }

    private mutating func attempts(_ json: JSON, at pointer: JSONPointer) -> Int? {
        if json.string == "unlimited" { return RetryPolicy.unlimited }
        if let value = json.whole, (1...100).contains(value) { return value }
        refuse(pointer, "This must be an integer from 1 to 100, or \"unlimited\".")
        return nil
    }

    /// What a policy is for: outcomes, statuses and conditions, in a list or one alone.
    private mutating func matches(_ json: JSON, at pointer: JSONPointer) -> [RetryRules.Match]? {
        let elements = json.array ?? [json]
        guard (1...16).contains(elements.count) else {
            refuse(pointer, "A policy is for 1 to 16 kinds of failures.")
            return nil
        }
        var matches: [RetryRules.Match] = []
        for (index, element) in elements.enumerated() {
            let place = pointer.appending(index)
            switch element {
            case .string(let text):
                guard let outcome = Outcome(rawValue: text), [.busy, .unknown, .notSent].contains(outcome) else {
                    refuse(place, "This must be busy, unknown or notSent, a status, or a condition.")
                    continue
                }
                matches.append(.outcome(outcome))
            case .object: if let condition = condition(element, at: place) { matches.append(.condition(condition)) }
            default:
                if let status = integer(element, at: place, in: 200...599) { matches.append(.status(status)) }
            }
        }
        return matches
    }
}
