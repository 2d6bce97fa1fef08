import Core
import Participants
import Telemetry

extension CallRequest {
    /// The same call with what it proves itself with at the time at which it is sent: signatures of both kinds, if its participant
    /// wants them, and an access token.
    ///
    /// - Parameter token: nil for none.
    func proven(_ call: ParticipantCall, token: String?) throws(SigningError) -> ParticipantCall {
        let credentials = participant.credentials
        if credentials.hmacSecrets.isEmpty, credentials.signingKey == nil, token == nil { return call }
        var call = call
        if let token {
            call.headers.removeAll { $0.0.lowercased() == "authorization" }
            call.headers.append(("authorization", "Bearer \(token)"))
        }
        let (key, now) = (scope.run.idempotencyKey(of: scope.call), Instant.machineTime)
        if !credentials.hmacSecrets.isEmpty {
            call.headers.removeAll { CallSignature.names.contains($0.0.lowercased()) }
            call.headers += CallSignature.headers(id: key, at: now, body: call.body, secrets: credentials.hmacSecrets)
        }
        if let signingKey = credentials.signingKey {
            let claims = CallClaims(
                audience: participant.id.audience, method: call.method, path: call.baseURL.pathPrefix + call.path,
                body: call.body,
                idempotencyKey: key, runID: scope.run.caller(of: scope.call).description)
            call.headers.append((CallClaims.header, try signingKey.token(claims.json(at: now))))
        }
        return call
    }
}
