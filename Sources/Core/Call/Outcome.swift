/// What one attempt came to. Correctness lives here: whether to retry, and whether there may be an effect to undo.
package enum Outcome: String, Sendable, Hashable, CaseIterable {
    /// 2xx.
    case succeeded
    /// A definite no: nothing happened there, and asking again is pointless.
    case rejected
    /// Not now: ask again later.
    case busy
    /// Sent, but no usable answer came back, or a success that can't be read. The effect may exist.
    case unknown
    /// The participant surely never saw it.
    case notSent
}

/// An HTTP answer.
package struct Response: Sendable, Hashable {
    package let status: Int
    /// What its header asked for.
    package let retryAfter: Duration?
    package let body: [UInt8]
    /// What the body says it is.
    package let contentType: String?
    /// Why the body is not as it was meant; completes the sentence "Its body …". Of a success it can't be used then, of
    /// anything else it is what there is of it.
    package let bodyFault: String?
    /// Those of its headers that somebody wants, their names in lower case.
    package let headers: [String: String]

    package init(
        status: Int, retryAfter: Duration? = nil, body: [UInt8], contentType: String? = nil, bodyFault: String? = nil,
        headers: [String: String] = [:]
    ) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
        self.contentType = contentType
        self.bodyFault = bodyFault
        self.headers = headers
    }
}

/// What came back from a participant, before it is judged.
package enum Answer: Sendable, Hashable {
    case response(Response)

    /// The same, by its parts.
    package static func response(
        status: Int, retryAfter: Duration?, body: [UInt8], contentType: String? = nil, bodyFault: String? = nil
    ) -> Answer {
        .response(
            Response(status: status, retryAfter: retryAfter, body: body, contentType: contentType, bodyFault: bodyFault)
        )
    }

    /// It never reached the participant; the text says why, `retryAfter` how long trying again is known to be futile.
    case notSent(String, retryAfter: Duration? = nil)
    /// This engine may not call where the participant is; the text says which rule it is.
    case notAllowed(String)
    /// It was sent, or may have been, but no usable answer came; the text says why.
    case unknown(String)
    /// The engine that made the call died before it could write down the answer.
    case lost
    /// The request could not be built from the definition and the run's values; the place is that in the definition.
    case unrenderable(TemplateError)
}

/// An attempt, judged: everything the decider needs to know of it.
package struct CallResult: Sendable, Hashable {
    /// What it came to.
    package var outcome: Outcome
    /// The answer's status, when there was an answer.
    package var httpStatus: Int?
    /// How long the call took.
    package var duration: Duration
    /// The answer's body, when it succeeded.
    package var output: JSON?
    /// Headers of the answer that somebody wants, when it succeeded; names in lower case.
    package var headers: [String: String] = [:]
    /// Which of the call's policies counts, when it failed.
    package var retryRule = 0
    /// What went wrong, when it did not.
    package var failure: Failure?
    /// The participant is not to be called before this long: it asked for that, or its breaker is open.
    package var retryAfter: Duration?
    /// The participant is at work, and will call back, or is to be asked.
    package var isAccepted = false
    /// Of what was accepted to be asked about: where.
    package var poll: PollStart?
    /// Of a look: it tells the end of the attempt. One that is neither this nor accepted has failed.
    package var isVerdict = false

    package init(
        outcome: Outcome, httpStatus: Int? = nil, duration: Duration = .zero, output: JSON? = nil,
        failure: Failure? = nil, retryAfter: Duration? = nil
    ) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.duration = duration
        self.output = output
        self.failure = failure
        self.retryAfter = retryAfter
    }

    /// The effect may exist although the participant did not say so: no usable answer, or a 408, which a server sends
    /// when it gave up waiting and may have begun. Where a definition says that a success or a server's error means
    /// *later*, something may have begun there, too.
    package static func mayHaveEffect(_ outcome: Outcome, httpStatus: Int?) -> Bool {
        if isPlanted(.unknownHasNoEffect) { return false }
        guard outcome == .busy, let httpStatus else { return outcome == .unknown }
        return httpStatus == 408 || httpStatus < 400 || (httpStatus >= 500 && httpStatus != 503)
    }
}
