import Core
import Participants

/// A call whose turn has come, on its way to the participant.
struct SentCall: Sendable {
    let request: CallRequest
    let client: ParticipantClient
    let injector: FailureInjector?
    let isWanted: @Sendable () -> Bool

    /// Is told why a call was not sent, or had no effect, for want of a proof, and how long trying again is known to be futile.
    typealias Unproven = @Sendable (_ reason: String, _ retryAfter: Duration?) -> Void

    /// Sends the call as it is.
    func transmit(_ call: ParticipantCall, _ answered: @escaping @Sendable (TransportResult) -> Void) {
        if let injector {
            injector.send(call, through: client, isWanted: isWanted, completion: answered)
        } else {
            client.send(call, isWanted: isWanted, completion: answered)
        }
    }

    /// Sends the call with what it proves itself with.
    func prove(
        _ call: ParticipantCall, _ answered: @escaping @Sendable (TransportResult) -> Void,
        _ unproven: @escaping Unproven
    ) {
        guard let tokens = request.participant.credentials.tokens else {
            return send(call, token: nil, answered, unproven)
        }
        let begun = ContinuousClock.now
        tokens.current { answer in
            switch answer {
            case .unavailable(let reason, let retryAfter): unproven(reason, retryAfter)
            case .token(let token):
                // It may have waited for its token.
                guard isWanted() else {
                    let failure = TransportFailure(.withdrawn, "The call was withdrawn before it was sent.")
                    return answered(.notSent(failure))
                }
                send(
                    remaining(call, since: begun), token: token,
                    { result in
                        guard case .response(401, _, _, _, _, _) = result else { return answered(result) }
                        renew(token, tokens, call, since: begun, refusal: result, answered, unproven)
                    }, unproven)
            }
        }
    }

    /// After a 401, which says that nothing was done: once more with another token, under the same idempotency key. It is the same
    /// attempt. What is answered then is the answer.
    private func renew(
        _ token: String, _ tokens: AccessTokens, _ call: ParticipantCall, since begun: ContinuousClock.Instant,
        refusal: TransportResult, _ answered: @escaping @Sendable (TransportResult) -> Void,
        _ unproven: @escaping Unproven
    ) {
        tokens.replacement(of: token) { answer in
            switch answer {
            case nil: answered(refusal)
            case .unavailable(let reason, let retryAfter)?:
                unproven("\(request.name) answered 401 to the token it had. \(reason)", retryAfter)
            case .token(let other)?:
                if request.participant.pause.isOn {
                    return unproven("\(request.name) answered 401, and was paused before it was called again.", nil)
                }
                guard isWanted() else { return answered(refusal) }
                send(remaining(call, since: begun), token: other, answered, unproven)
            }
        }
    }

    private func send(
        _ call: ParticipantCall, token: String?, _ answered: @escaping @Sendable (TransportResult) -> Void,
        _ unproven: Unproven
    ) {
        do throws(SigningError) { transmit(try request.proven(call, token: token), answered) } catch {
            unproven("This engine can't sign the call.", nil)
        }
    }

    /// The call with what is left of its time.
    private func remaining(_ call: ParticipantCall, since begun: ContinuousClock.Instant) -> ParticipantCall {
        var call = call
        call.timeout -= ContinuousClock.now - begun
        return call
    }
}
