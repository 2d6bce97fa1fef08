/// What went wrong, as it is stored, shown in the API and written to the history.
package struct Failure: Sendable, Hashable, Error {
    /// One lower-case word to branch on: an `Outcome`'s raw value, `unreadable`, `notAllowed`, `template`, `condition`,
    /// `wait`, `list`, `timeout`, `abandoned`, `ended`, `settled`, `lost`, `deadline`, `cancelled`, `undone`, `compensation`, `quarantined`.
    package var kind: String
    /// One sentence for a person.
    package var message: String
    /// The status of the participant's answer, when there was one.
    package var httpStatus: Int?
    /// The step it happened in; nil in a step's own error.
    package var stepID: String?
    /// The participant's answer, when it explains a refusal; never anything of ours.
    package var response: JSON?
    /// The place in the definition that could not be rendered or evaluated, as a JSON pointer; retrying is futile then.
    package var pointer: String?
    /// In a step's own error: how many attempts of the action it speaks of were lost so far. They are counted here because
    /// they do not count towards `maxAttempts`; see `Step.lostAttempts(before:)`.
    package var lostAttempts: Int
    /// The same of attempts that their engines were not allowed to make.
    package var notAllowedAttempts = 0
    /// The same of attempts after which the participant said when to come back.
    package var patientAttempts = 0
    /// In a step's own error: its action was answered with a success that could not be read, so nothing may be built
    /// from the output it seems not to have.
    package var hidesOutput = false

    package init(
        kind: String, message: String, httpStatus: Int? = nil, stepID: String? = nil, response: JSON? = nil,
        pointer: String? = nil, lostAttempts: Int = 0
    ) {
        self.kind = kind
        self.message = message
        self.httpStatus = httpStatus
        self.stepID = stepID
        self.response = response
        self.pointer = pointer
        self.lostAttempts = lostAttempts
    }

    /// The kind of an attempt that was not made because its engine may not call where the participant is.
    package static let notAllowedKind = "notAllowed"

    /// The kind of an attempt that succeeded, as far as its status tells, with a body that can't be read.
    package static let unreadableKind = "unreadable"

    /// The kind of a step whose `wait` can't be begun.
    package static let waitKind = "wait"

    /// The kind of a step whose list can't be used.
    package static let listKind = "list"

    /// The kind of a step for which no signal came in time.
    package static let timeoutKind = "timeout"

    /// The kind of an accepted attempt for whose end the run did not wait.
    package static let abandonedKind = "abandoned"

    /// The kind of a step that ended its run as failed.
    package static let endedKind = "ended"

    /// The kind of a step that a person failed.
    package static let settledKind = "settled"

    /// The kind of a step whose child was refused, or was undone.
    package static let rejectedKind = Outcome.rejected.rawValue

    /// The kind of an attempt whose engine died before it could write down the answer.
    package static let lostKind = "lost"

    /// `{kind, message, httpStatus?, stepId?, response?, pointer?, lostAttempts?, notAllowedAttempts?, patientAttempts?,
    /// hidesOutput?}`.
    package var json: JSON { json(before: nil) }

    /// The same, and under `before`, at the end, what went wrong before, if anything did.
    package func json(before: Failure?) -> JSON {
        var object = JSONObject()
        object["kind"] = .string(kind)
        object["message"] = .string(message)
        if let httpStatus { object["httpStatus"] = .number(JSONNumber(httpStatus)) }
        if let stepID { object["stepId"] = .string(stepID) }
        if let response { object["response"] = response }
        if let pointer { object["pointer"] = .string(pointer) }
        if lostAttempts > 0 { object["lostAttempts"] = .number(JSONNumber(lostAttempts)) }
        if notAllowedAttempts > 0 { object["notAllowedAttempts"] = .number(JSONNumber(notAllowedAttempts)) }
        if patientAttempts > 0 { object["patientAttempts"] = .number(JSONNumber(patientAttempts)) }
        if hidesOutput { object["hidesOutput"] = true }
        if let before { object["before"] = before.json }
        return .object(object)
    }

    /// Reads what `json` wrote, without `before`; nil for anything else.
    package init?(_ json: JSON) {
        guard let kind = json["kind"]?.string, let message = json["message"]?.string else { return nil }
        self.init(
            kind: kind, message: message, httpStatus: json["httpStatus"]?.int, stepID: json["stepId"]?.string,
            response: json["response"], pointer: json["pointer"]?.string,
            lostAttempts: json["lostAttempts"]?.int ?? 0)
        notAllowedAttempts = json["notAllowedAttempts"]?.int ?? 0
        patientAttempts = json["patientAttempts"]?.int ?? 0
        hidesOutput = json["hidesOutput"]?.bool ?? false
    }

    /// `kind` of a call, or of an output, that can't be built from the definition and the run's values.
    package static let templateKind = "template"
    /// `kind` of a step whose `when` can't be evaluated for the run's values.
    package static let conditionKind = "condition"
    /// `kind` of a run that FAILED because a compensation gave up.
    package static let compensationKind = "compensation"

    /// In the message of such a failure what stands before why the call gave up.
    package static let mayStand = "its effect may still stand: "
    /// `kind` of a run that FAILED because it could not be processed.
    package static let quarantinedKind = "quarantined"

    /// Bytes of an answer that an element keeps with its error at the most: there may be thousands of them, and all of it is in
    /// the history.
    package static let elementResponse = 512

    /// The same without an answer that is longer than an element keeps.
    var brief: Failure {
        guard let response, response.isLonger(than: Self.elementResponse) else { return self }
        var copy = self
        copy.response = nil
        return copy
    }

    /// The same failure, said of the run.
    package func of(step: String) -> Failure {
        var copy = self
        copy.stepID = step
        return copy
    }
}
