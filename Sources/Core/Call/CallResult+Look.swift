/// What the end of accepted work is looked for with (`completion.poll`): the answer that accepted it says where, and those to
/// the looks what became of it.
extension CallResult {
    /// The work is accepted; where its end is to be looked for is told now, or never.
    mutating func expect(_ poll: PollDefinition, _ response: Response, _ scope: CallScope) {
        let answer = AnswerScope(
            scope: scope, status: response.status, headers: response.headers,
            body: Self.body(of: response, scope) ?? .null)
        do throws(TemplateError) {
            let path = try poll.path.render(answer)
            self.poll = PollStart(path: path, firstLook: Self.wait(poll, response.retryAfter))
        } catch {
            isAccepted = false
            let error = error.below(Self.place(scope).appending("path"))
            becomeUnreadable(
                "The answer \(response.status) accepted the work, and where to look for its end can't be told: \(error)",
                response.status, pointer: error.pointer.description)
        }
    }

    /// Judges the answer to a look.
    ///
    /// `failedWhen` is asked first, then `succeededWhen`. When neither holds, a 2xx says that the participant is still at work,
    /// 410 that nobody will ever know, and everything else says nothing: it is looked again.
    ///
    /// - Parameters:
    ///   - scope: the attempt that was accepted.
    ///   - effort: for the rules. When it is spent, the result is worth nothing, and is to be made with more.
    package init(look answer: Answer, of scope: CallScope, duration: Duration, effort: inout Effort) {
        let call = scope.run.definition(of: scope.call)
        guard case .response(let response) = answer, let poll = call.completion?.poll else {
            self.init(answer, of: call, isAmbiguous: false, duration: duration)
            return
        }
        let outcome = Self.outcome(of: response, Judgement(), isAmbiguous: false)
        self.init(outcome: outcome, httpStatus: response.status, duration: duration)
        guard let body = Self.body(of: response, scope) else {
            if outcome == .succeeded { self.outcome = .unknown }
            failure = Self.refusal(response, self.outcome)
            failure?.message = "The answer \(response.status) to a look can't be read."
            retryAfter = response.retryAfter
            return
        }
        let said = AnswerScope(scope: scope, status: response.status, headers: response.headers, body: body)
        judge(said, poll, response, call, &effort)
        if effort.isSpent { return }
        if isVerdict { retryRule = call.retry.index(for: self.outcome, status: httpStatus) { _ in false } }
    }

    private mutating func judge(
        _ said: AnswerScope, _ poll: PollDefinition, _ response: Response, _ call: CallDefinition,
        _ effort: inout Effort
    ) {
        if let failedWhen = poll.failedWhen {
            guard let holds = holds(failedWhen, "failedWhen", said, &effort) else { return }
            if holds { return become(.rejected, "The work that was accepted has failed.", said) }
        }
        guard let holds = holds(poll.succeededWhen, "succeededWhen", said, &effort) else { return }
        if holds {
            (outcome, isVerdict, output, headers) = (.succeeded, true, said.body, response.headers)
            if let template = call.output { makeOutput(template, said) }
        } else if response.status == 410 {
            become(.unknown, "What became of the work that was accepted is gone.", said)
        } else if outcome == .succeeded {
            isAccepted = true
            retryAfter = response.retryAfter
        } else {
            failure = Self.refusal(response, outcome)
            retryAfter = response.retryAfter
        }
    }

    /// Whether a rule holds; nil when that can't be told, and is looked for again.
    private mutating func holds(
        _ rule: Condition, _ name: String, _ said: AnswerScope, _ effort: inout Effort
    ) -> Bool? {
        let reason: String
        switch rule.verdict(said, &effort) {
        case .yes: return true
        case .no: return false
        case .tooCostly: reason = "it takes more than \(Condition.maxOperations) operations"
        case .tooDeep: reason = "a value in it grows to more than \(Condition.maxLevels) levels"
        }
        outcome = .unknown
        failure = Failure(
            kind: Failure.conditionKind, message: "\(name) can't be evaluated for the answer to a look: \(reason).",
            httpStatus: httpStatus, pointer: Self.place(said.scope).appending(name).description)
        return nil
    }

    private mutating func become(_ outcome: Outcome, _ message: String, _ said: AnswerScope) {
        (self.outcome, isVerdict) = (outcome, true)
        failure = Failure(
            kind: outcome.rawValue, message: message, httpStatus: said.status,
            response: said.body.isNull ? nil : said.body)
    }

    /// What an answer says; nil for what can't be read.
    private static func body(of response: Response, _ scope: CallScope) -> JSON? {
        if response.bodyFault != nil { return nil }
        switch AnswerBody(response.body, contentType: response.contentType) {
        case .value(let json): return json
        case .unreadable(_, .some(let text))
        where scope.run.definition(of: scope.call).judgement.onUnreadable == .text:
            return .string(text)
        case .unreadable, .unusable: return nil
        }
    }

    /// How long until the next look, where the participant may have said when.
    static func wait(_ poll: PollDefinition, _ retryAfter: Duration?) -> Duration {
        max(poll.every, min(retryAfter ?? .zero, retryAfterCap))
    }

    private static func place(_ scope: CallScope) -> JSONPointer {
        JSONPointer(scope.run.pointer(of: scope.call.step).tokens + [scope.call.action.member, "completion", "poll"])
    }
}
