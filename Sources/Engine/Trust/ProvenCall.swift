import Core
import Participants

/// A call whose turn has come, with what it proves itself with.
struct ProvenCall: Sendable {
    /// How sending it ended.
    enum End: Sendable {
        case answered(TransportResult)
        /// It was not sent, or had no effect, for want of a proof; why, and how long trying again is known to be futile.
        case unproven(String, retryAfter: Duration?)
    }

    let call: ParticipantCall
    let request: CallRequest
    let client: ParticipantClient
    let injector: FailureInjector?
    let isWanted: @Sendable () -> Bool

    /// Sends it; a participant that needs an access token gets it with one.
    func send(_ completion: @escaping @Sendable (End) -> Void) {
        guard let tokens = request.participant.credentials.tokens else {
            return send(call, token: nil, completion)
        }
        let begun = ContinuousClock.now
        tokens.current { answer in
            switch answer {
            case .unavailable(let sentence, let retryAfter): completion(.unproven(sentence, retryAfter: retryAfter))
            case .token(let token):
                // It may have waited for its token.
                guard isWanted() else {
                    let failure = TransportFailure(.withdrawn, "The call was withdrawn before it was sent.")
                    return completion(.answered(.notSent(failure)))
                }
                send(remaining(since: begun), token: token) { end in
                    guard case .answered(.response(401, _, _, _, _, _)) = end else { return completion(end) }
                    renew(token, tokens, since: begun, refusal: end, completion)
                }
            }
        }
    }

    /// After a 401, which says that nothing was done: once more with another token, under the same idempotency key. It is the same
    /// attempt. What is answered then is the answer.
    private func renew(
        _ token: String, _ tokens: AccessTokens, since begun: ContinuousClock.Instant, refusal: End,
        _ completion: @escaping @Sendable (End) -> Void
    ) {
        tokens.replacement(of: token) { answer in
            switch answer {
            case nil: completion(refusal)
            case .unavailable(let sentence, let retryAfter):
                completion(
                    .unproven("\(request.name) answered 401 to the token it had. \(sentence)", retryAfter: retryAfter))
            case .token(let other):
                if request.participant.pause.isOn {
                    return completion(
                        .unproven("\(request.name) answered 401, and was paused before the next call.", retryAfter: nil))
                }
                guard isWanted() else { return completion(refusal) }
                send(remaining(since: begun), token: other, completion)
            }
        }
    }

    private func send(
        _ call: ParticipantCall, token: String?, _ completion: @escaping @Sendable (End) -> Void
    ) {
        let proven: ParticipantCall
        do throws(SigningError) { proven = try request.proven(call, token: token) } catch {
            return completion(.unproven("This engine can't sign the call.", retryAfter: nil))
        }
        if let injector {
            injector.send(proven, through: client, isWanted: isWanted) { completion(.answered($0)) }
        } else {
            client.send(proven, isWanted: isWanted) { completion(.answered($0)) }
        }
    }

    /// The call with what is left of its time.
    private func remaining(since begun: ContinuousClock.Instant) -> ParticipantCall {
        var call = call
        call.timeout -= ContinuousClock.now - begun
        return call
    }
}
