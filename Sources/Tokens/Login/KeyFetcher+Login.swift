internal import Core
internal import Participants

extension KeyFetcher {
    /// What an issuer gives for a code.
    enum TokenAnswer {
        case tokens(id: String?, access: String?)
        /// - `code`: as the issuer sent it, whatever that is.
        case refused(code: String?)
    }

    /// Where an issuer has people log in, by its own configuration.
    func endpoints(_ document: IssuerURL, of issuer: String) async throws(KeyFault) -> LoginEndpoints {
        try await connected { client throws(KeyFault) in
            let bytes = try await Self.content(of: document, by: .now + Self.timeout, client)
            return try LoginEndpoints(try Self.configuration(bytes, of: issuer))
        }
    }

    /// Sends what fetches a token. Neither that nor the answer is in what is thrown.
    func exchange(
        _ form: [UInt8], authorization: String?, at url: IssuerURL
    ) async throws(KeyFault) -> TokenAnswer {
        try await connected { client throws(KeyFault) in
            var headers = [
                ("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded"),
            ]
            if let authorization { headers.append(("authorization", authorization)) }
            let call = ParticipantCall(
                method: "POST", baseURL: url.base, path: url.path, headers: headers, body: form,
                timeout: Self.timeout)
            switch await client.send(call) {
            case .response(200, _, _, let body, nil, _):
                guard let json = try? JSON(parsing: body), json.object != nil else {
                    throw KeyFault("what \(url.base.origin) gives for a code is no JSON")
                }
                return .tokens(id: json["id_token"]?.string, access: json["access_token"]?.string)
            case .response(200, _, _, _, let fault?, _): throw KeyFault("the body of \(url.base.origin) \(fault)")
            case .response(let status, _, _, let body, _, _) where (400...499).contains(status):
                return .refused(code: (try? JSON(parsing: body))?["error"]?.string)
            case .response(let status, _, _, _, _, _): throw KeyFault("\(url.base.origin) answered \(status)")
            case .notSent(let failure), .unknown(let failure): throw KeyFault(failure.message)
            }
        }
    }

    /// With a client of its own, which is gone afterwards.
    private func connected<Value: Sendable>(
        _ work: (ParticipantClient) async throws(KeyFault) -> Value
    ) async throws(KeyFault) -> Value {
        let client = try await client()
        let outcome: Result<Value, KeyFault>
        do throws(KeyFault) { outcome = .success(try await work(client)) } catch { outcome = .failure(error) }
        await client.shutdown()
        return try outcome.get()
    }
}
