internal import Core

/// How people log in at an issuer: as which of its clients, and what of its answer counts afterwards.
struct IssuerLogin: Sendable {
    /// What a login leaves behind, which is asked at every request from then on.
    enum Credential: String, Sendable, CaseIterable {
        /// It is always a token of the kind that is taken here, made for this very client.
        case idToken = "id-token"
        /// Where the issuer puts roles and tenants into these alone.
        case accessToken = "access-token"
    }

    let clientID: String
    /// Nil for a client that has none: then the code's proof (PKCE) is all that there is.
    let clientSecret: String?
    /// `openid` is among them.
    let scopes: [String]
    /// What people call the issuer.
    let title: String
    let credential: Credential
    /// The issuer's configuration, which says where people log in.
    let document: IssuerURL
}

/// Where an issuer has people log in.
struct LoginEndpoints: Sendable {
    /// Where browsers are sent; perhaps with a query.
    let authorization: String
    let token: IssuerURL
    /// Answers say whose they are (RFC 9207 §3), so one that does not is none.
    let namesIssuer: Bool
    /// A client's secret goes into the body of a request: the issuer does not take it as a header.
    let takesSecretInBody: Bool

    /// - Parameter document: the issuer's own configuration.
    init(_ document: JSON) throws(KeyFault) {
        func url(_ name: String) throws(KeyFault) -> (text: String, url: IssuerURL) {
            guard let text = document[name]?.string else { throw KeyFault("its configuration has no \(name)") }
            do throws(IssuerURL.Fault) { return (text, try IssuerURL(text)) } catch {
                throw KeyFault("its configuration has a \(name) that can't be used: \(error.reason)")
            }
        }
        authorization = try url("authorization_endpoint").text
        token = try url("token_endpoint").url
        namesIssuer = document["authorization_response_iss_parameter_supported"]?.bool ?? false
        // What is left out means the header (OpenID Connect Discovery 1.0 §3).
        let methods = document["token_endpoint_auth_methods_supported"]?.array?.compactMap(\.string)
        takesSecretInBody = methods.map { !$0.contains("client_secret_basic") } ?? false
    }
}
