extension CallResult {
    /// Judges an answer by the table in `docs/architecture.md`, "What a failed call means", and by what the definition says.
    ///
    /// - Parameters:
    ///   - answer: what came back.
    ///   - scope: the call, whose definition may have rules of its own.
    ///   - isAmbiguous: an earlier attempt of the same action had no usable answer. A 409 then probably means that the
    ///     first one is still at work, so it is `busy` and not a refusal.
    ///   - duration: how long the call took.
    ///   - effort: for the definition's rules. When it is spent, the result is worth nothing, and is to be made with more.
    package init(
        _ answer: Answer, of scope: CallScope, isAmbiguous: Bool, duration: Duration, effort: inout Effort
    ) {
        let call = scope.run.definition(of: scope.call)
        guard case .response(let response) = answer, call.readsContent else {
            self.init(answer, of: call, isAmbiguous: isAmbiguous, duration: duration)
            return
        }
        self.init(response, of: call, scope, isAmbiguous: isAmbiguous, duration: duration, &effort)
    }

    /// The same for a call whose definition has no rules of its own, and for what is no answer.
    package init(_ answer: Answer, of call: CallDefinition, isAmbiguous: Bool, duration: Duration) {
        switch answer {
        case .response(let response):
            let outcome = Self.outcome(of: response, call.judgement, isAmbiguous: isAmbiguous)
            self.init(outcome: outcome, httpStatus: response.status, duration: duration)
            if outcome == .succeeded, call.completion != nil, response.status == 202 {
                // Its end is yet to come, whatever this says.
                isAccepted = true
            } else if outcome == .succeeded {
                takeOutput(response, call)
            } else {
                self.retryAfter = outcome == .busy ? response.retryAfter : nil
                failure = Self.refusal(response, outcome)
            }
        case .notSent(let reason, let retryAfter):
            self.init(.notSent, reason, duration)
            self.retryAfter = retryAfter
        case .notAllowed(let reason):
            self.init(outcome: .notSent, duration: duration)
            failure = Failure(
                kind: Failure.notAllowedKind,
                message: "\(reason) This engine may not call it; the run is left to one that may.")
        case .unknown(let reason):
            self.init(.unknown, reason, duration)
        case .lost:
            self.init(outcome: .unknown, duration: duration)
            failure = Failure(
                kind: Failure.lostKind, message: "The engine that made this call was lost before it had an answer.")
        case .unrenderable(let error):
            self.init(outcome: .rejected, duration: duration)
            failure = Failure(
                kind: Failure.templateKind, message: "The request can't be built: \(error)",
                pointer: error.pointer.description)
        }
        retryRule = call.retry.index(for: outcome, status: httpStatus) { _ in false }
    }

    private init(_ outcome: Outcome, _ reason: String, _ duration: Duration) {
        self.init(
            outcome: outcome, duration: duration, failure: Failure(kind: outcome.rawValue, message: reason))
    }

    /// By the status alone.
    static func outcome(of response: Response, _ judgement: Judgement, isAmbiguous: Bool) -> Outcome {
        let status = response.status
        if let outcome = judgement.statuses[status], outcome != .busy { return outcome }
        switch status {
        case 408, 425, 429: return .busy
        case 503 where response.retryAfter != nil: return .busy
        case 500...: return .unknown
        case 409 where isAmbiguous: return .busy
        case _ where judgement.statuses[status] == .busy: return .busy
        case 200..<300: return .succeeded
        // Proxies write down 499 when they gave up on a request that they had passed on.
        case 499: return .unknown
        default: return .rejected
        }
    }
}

extension CallResult {
    /// Bytes of an unreadable or cut answer that its failure keeps, for a person.
    package static let keptBytes = 4096

    /// A success: its body becomes the output, or the attempt `unknown`.
    private mutating func takeOutput(_ response: Response, _ call: CallDefinition) {
        let status = response.status
        if let fault = response.bodyFault {
            return becomeUnreadable("The answer \(status) can't be read: its body \(fault).", status)
        }
        switch AnswerBody(response.body, contentType: response.contentType) {
        case .value(let json): output = json
        case .unreadable(_, .some(let text)) where call.judgement.onUnreadable == .text: output = .string(text)
        case .unreadable(let reason, let text):
            return becomeUnreadable(
                "The answer \(status) says that it is JSON and can't be read as such. \(reason)", status, text)
        case .unusable:
            outcome = .unknown
            failure = Failure(
                kind: Outcome.unknown.rawValue,
                message: "The answer \(status) has a body that is neither JSON nor text.", httpStatus: status)
        }
        headers = response.headers
    }

    mutating func becomeUnreadable(
        _ message: String, _ status: Int, _ text: String? = nil, pointer: String? = nil
    ) {
        outcome = .unknown
        output = nil
        headers = [:]
        failure = Failure(
            kind: Failure.unreadableKind, message: message, httpStatus: status,
            response: text.map { .string(String(decoding: $0.utf8.prefix(Self.keptBytes), as: UTF8.self)) },
            pointer: pointer)
    }

    /// Anything but a success: the status decides, the body is only told.
    static func refusal(_ response: Response, _ outcome: Outcome) -> Failure {
        var failure = Failure(
            kind: outcome.rawValue, message: "The participant answered \(response.status).",
            httpStatus: response.status)
        if let fault = response.bodyFault {
            failure.message += " Its body \(fault)."
            failure.response = AnswerBody.beginning(response.body, contentType: response.contentType)
        } else if !response.body.isEmpty {
            switch AnswerBody(response.body, contentType: response.contentType) {
            case .value(let json): failure.response = json
            case .unreadable(_, let text): failure.response = text.map { .string($0) }
            case .unusable: break
            }
        }
        return failure
    }
}

/// Answers that are judged by their content.
extension CallResult {
    private init(
        _ response: Response, of call: CallDefinition, _ scope: CallScope, isAmbiguous: Bool, duration: Duration,
        _ effort: inout Effort
    ) {
        self.init(.response(response), of: call, isAmbiguous: isAmbiguous, duration: duration)
        if isAccepted {
            if let poll = call.completion?.poll { expect(poll, response, scope) }
            return
        }
        // Nothing can be asked of a success that can't be read.
        if outcome == .unknown, failure?.kind == Failure.unreadableKind { return }
        let answer = AnswerScope(
            scope: scope, status: response.status, headers: response.headers,
            body: output ?? (response.bodyFault == nil ? failure?.response : nil) ?? .null)
        if !call.judgement.rules.isEmpty {
            if let fault = response.bodyFault {
                doubt("its body \(fault)")
                return
            }
            judge(response, call, answer, &effort)
            if effort.isSpent { return }
        }
        if outcome == .succeeded, let template = call.output { makeOutput(template, answer) }
        chooseRetry(call, answer, &effort)
    }

    /// The first rule that holds decides; when none does, the status.
    private mutating func judge(
        _ response: Response, _ call: CallDefinition, _ answer: AnswerScope, _ effort: inout Effort
    ) {
        for (judged, rule) in call.judgement.rules {
            switch rule.verdict(answer, &effort) {
            case .no: continue
            case .yes:
                return become(judged, response, answer.body, "by a rule of its definition it is \(judged.rawValue)")
            case .tooCostly:
                if effort.isSpent { return }
                return doubt("a rule about it takes more than \(Condition.maxOperations) operations")
            case .tooDeep: return doubt("a value in a rule about it grows to more than \(Condition.maxLevels) levels")
            }
        }
        if outcome == .succeeded, call.judgement.hasSucceedWhen { doubt("it does not satisfy succeedWhen") }
    }

    /// What it means can't be told: the effect may exist. What says definitely that it is to be repeated stays so.
    private mutating func doubt(_ reason: String) {
        if outcome == .busy { return }
        outcome = .unknown
        output = nil
        headers = [:]
        failure = Failure(
            kind: Outcome.unknown.rawValue,
            message: "The participant answered \(httpStatus ?? 0), and what that means is not known: \(reason).",
            httpStatus: httpStatus, response: failure?.response)
    }

    private mutating func become(_ judged: Outcome, _ response: Response, _ body: JSON, _ reason: String) {
        outcome = judged
        if judged == .succeeded {
            (output, headers, failure, retryAfter) = (body, response.headers, nil, nil)
            return
        }
        (output, headers) = (nil, [:])
        retryAfter = judged == .busy ? response.retryAfter : nil
        failure = Failure(
            kind: judged.rawValue, message: "The participant answered \(response.status); \(reason).",
            httpStatus: response.status, response: body.isNull ? nil : body)
    }

    /// What the definition keeps of the answer. It has succeeded, whatever can be made of it.
    mutating func makeOutput(_ template: Template, _ answer: AnswerScope) {
        let call = answer.scope.call
        let place = answer.scope.run.pointer(of: call.step).appending(call.action.member).appending("output")
        do throws(TemplateError) {
            let bytes = try template.bytes(answer)
            guard bytes.count <= CallDefinition.keptResponseBytes else {
                throw TemplateError(.tooLarge(limit: CallDefinition.keptResponseBytes), pointer: .root)
            }
            output = try template.render(answer)
        } catch {
            let error = error.below(place)
            becomeUnreadable(
                "The answer \(answer.status) succeeded, and its output can't be built: \(error)", answer.status,
                pointer: error.pointer.description)
        }
    }

    private mutating func chooseRetry(_ call: CallDefinition, _ answer: AnswerScope, _ effort: inout Effort) {
        if outcome == .succeeded || outcome == .rejected { return }
        var left = effort
        retryRule = call.retry.index(for: outcome, status: httpStatus) { $0.verdict(answer, &left) == .yes }
        effort = left
    }
}

extension CallAction {
    /// Its member in a step's definition.
    package var member: String {
        switch self {
        case .execute: "action"
        case .compensate: "compensation"
        }
    }
}

extension CallResult {
    /// The same, unless its output would make the run too heavy: then it is as an answer that is too large by itself.
    package func fitting(_ run: Run) -> CallResult {
        // Most outputs are small, and looking at all the others would cost every call.
        guard let output, output.footprint > JSON.compactFrom else { return self }
        guard run.weight + output.footprint > Run.maxWeight else { return self }
        var result = self
        // The call was made, and nobody can name what it was answered.
        if run.definition.isOnEnd {
            result.output = .null
            return result
        }
        result.outcome = .unknown
        result.output = nil
        result.headers = [:]
        result.failure = Failure(
            kind: Outcome.unknown.rawValue,
            message: "With this answer the payloads of the run would take more than \(Run.maxWeight >> 20) MiB.",
            httpStatus: httpStatus)
        return result
    }
}
