extension CallResult {
    /// Judges an answer by the table in `docs/architecture.md`, "What a failed call means".
    ///
    /// - Parameters:
    ///   - answer: what came back.
    ///   - call: the definition, whose `retryOn`, `rejectOn` and `unknownOn` move statuses.
    ///   - isAmbiguous: an earlier attempt of the same action had no usable answer. A 409 then probably means that the
    ///     first one is still at work, so it is `busy` and not a refusal.
    ///   - duration: how long the call took.
    package init(_ answer: Answer, of call: CallDefinition, isAmbiguous: Bool, duration: Duration) {
        switch answer {
        case .response(let status, let retryAfter, let body, let contentType, let fault):
            let outcome = Self.outcome(
                status: status, hasRetryAfter: retryAfter != nil, call: call, isAmbiguous: isAmbiguous)
            self.init(outcome: outcome, httpStatus: status, duration: duration)
            if outcome == .succeeded {
                takeOutput(body, contentType, fault, status, call)
            } else {
                self.retryAfter = outcome == .busy ? retryAfter : nil
                failure = Self.refusal(body, contentType, fault, status, outcome)
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
    }

    private init(_ outcome: Outcome, _ reason: String, _ duration: Duration) {
        self.init(
            outcome: outcome, duration: duration, failure: Failure(kind: outcome.rawValue, message: reason))
    }

    private static func outcome(
        status: Int, hasRetryAfter: Bool, call: CallDefinition, isAmbiguous: Bool
    ) -> Outcome {
        if (200..<300).contains(status) { return .succeeded }
        if call.rejectOn.contains(status) { return .rejected }
        if call.unknownOn.contains(status) { return .unknown }
        switch status {
        case 408, 425, 429: return .busy
        case 503 where hasRetryAfter: return .busy
        case 500...: return .unknown
        case 409 where isAmbiguous: return .busy
        case _ where call.retryOn.contains(status): return .busy
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
    private mutating func takeOutput(
        _ body: [UInt8], _ contentType: String?, _ fault: String?, _ status: Int, _ call: CallDefinition
    ) {
        if let fault { return becomeUnreadable("The answer \(status) can't be read: its body \(fault).", status) }
        switch AnswerBody(body, contentType: contentType) {
        case .value(let json): output = json
        case .unreadable(_, .some(let text)) where call.onUnreadable == .text: output = .string(text)
        case .unreadable(let reason, let text):
            becomeUnreadable(
                "The answer \(status) says that it is JSON and can't be read as such. \(reason)", status, text)
        case .unusable:
            outcome = .unknown
            failure = Failure(
                kind: Outcome.unknown.rawValue,
                message: "The answer \(status) has a body that is neither JSON nor text.", httpStatus: status)
        }
    }

    private mutating func becomeUnreadable(_ message: String, _ status: Int, _ text: String? = nil) {
        outcome = .unknown
        failure = Failure(
            kind: Failure.unreadableKind, message: message, httpStatus: status,
            response: text.map { .string(String(decoding: $0.utf8.prefix(Self.keptBytes), as: UTF8.self)) })
    }

    /// Anything but a success: the status decides, the body is only told.
    private static func refusal(
        _ body: [UInt8], _ contentType: String?, _ fault: String?, _ status: Int, _ outcome: Outcome
    ) -> Failure {
        var failure = Failure(
            kind: outcome.rawValue, message: "The participant answered \(status).", httpStatus: status)
        if let fault {
            failure.message += " Its body \(fault)."
            failure.response = AnswerBody.beginning(body, contentType: contentType)
        } else if !body.isEmpty {
            switch AnswerBody(body, contentType: contentType) {
            case .value(let json): failure.response = json
            case .unreadable(_, let text): failure.response = text.map { .string($0) }
            case .unusable: break
            }
        }
        return failure
    }
}

extension CallResult {
    /// The same, unless its output would make the run too heavy: then it is as an answer that is too large by itself.
    package func fitting(_ run: Run) -> CallResult {
        // Most outputs are small, and looking at all the others would cost every call.
        guard let output, output.footprint > JSON.compactFrom else { return self }
        guard run.weight + output.footprint > Run.maxWeight else { return self }
        var result = self
        result.outcome = .unknown
        result.output = nil
        result.failure = Failure(
            kind: Outcome.unknown.rawValue,
            message: "With this answer the payloads of the run would take more than \(Run.maxWeight >> 20) MiB.",
            httpStatus: httpStatus)
        return result
    }
}
