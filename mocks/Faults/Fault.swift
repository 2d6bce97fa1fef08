internal import Core

/// An answer other than the true one: the work is not done, or done and denied.
struct Fault: Hashable, Sendable {
    /// The HTTP status answered.
    let status: Int
    /// How many attempts of the key get it; nil for this one and, when a body asks for it, every one.
    let times: Int?
    /// Whether the work is done before the answer.
    let isAfter: Bool
}

extension Fault {
    /// The fault a body asks for with its member `fail`; nil when it asks for none, or not for this call.
    ///
    /// `{"status": 503, "times": 2, "after": false, "on": "execute", "steps": ["a"]}`. Only `status` is required.
    /// Without `times` every attempt fails. `on` is `execute` unless it says `compensate` or `any`. With `steps`, other
    /// steps are spared, so that one input can be handed to all steps of a workflow. Null members count as absent.
    ///
    /// - Throws: `Refusal` 422 for what cannot be understood.
    init?(in body: JSON, of call: Call) throws(Refusal) {
        guard let json = body["fail"], !json.isNull else { return nil }
        guard let fields = json.object else { throw Self.misunderstood }
        for key in fields.keys where !["status", "times", "after", "on", "steps"].contains(key) {
            throw Self.misunderstood
        }
        func field(_ key: String) -> JSON? {
            guard let value = fields[key], !value.isNull else { return Optional.none }
            return value
        }

        guard let status = field("status")?.int, (400...599).contains(status) else { throw Self.misunderstood }
        let times = try field("times").map { json throws(Refusal) in
            guard let times = json.int, times >= 0 else { throw Self.misunderstood }
            return times
        }
        let isAfter = try field("after").map { json throws(Refusal) in
            guard let isAfter = json.bool else { throw Self.misunderstood }
            return isAfter
        }
        let on = field("on") ?? "execute"
        guard ["execute", "compensate", "any"].contains(on) else { throw Self.misunderstood }
        let steps = try field("steps").map { json throws(Refusal) in
            guard let steps = json.array else { throw Self.misunderstood }
            return steps
        }
        // A definite no after the work would be a lie that no caller could find out.
        let isDefinite = status < 500 && status != 408
        guard isAfter != true || !isDefinite else { throw Self.misunderstood }

        guard on == "any" || on == JSON(call.action.rawValue) else { return nil }
        if let steps, !steps.contains(JSON(call.step)) { return nil }
        self.init(status: status, times: times, isAfter: isAfter ?? false)
    }

    private static let misunderstood = Refusal(
        422,
        "fail is {status: 400...599, times: 0 or more, after: true only with 408 or 5xx, "
            + "on: execute, compensate or any, steps: array of step ids}.")
}
