import ArgumentParser
import Core
import FoundationEssentials
import Settings

/// `--tls-…` of `saga participant set`.
struct TLSOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp(
            "The engines' secret with the certificate they show it, and its key unless --tls-key says another.",
            valueName: "secret"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The engines' secret with the certificate's private key.", valueName: "secret"))
    var key: String?

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp(
            "The engines' secret with the authorities that may have issued its certificate, and no others.",
            valueName: "secret"))
    var authorities: String?

    @Flag(name: .customLong("no-tls"), help: "Connect to it as to all others.")
    var isDropped = false

    func validate() throws {
        if isDropped, certificate != nil || key != nil || authorities != nil {
            throw ValidationError("Give --no-tls or what TLS is set up from, not both.")
        }
    }

    /// What is given, over what there is.
    func body(_ known: JSON?) -> JSON {
        if isDropped { return .null }
        var tls = known?.object ?? JSONObject()
        for (member, name) in [("certificate", certificate), ("key", key), ("ca", authorities)] {
            if let name { tls[member] = .string(name) }
        }
        // Another certificate has another key.
        if certificate != nil, key == nil { tls["key"] = .null }
        return tls.isEmpty ? .null : .object(tls)
    }
}

/// What access tokens are asked for with, of `saga participant set`.
struct ClientOptions: ParsableArguments {
    @Option(help: "Where engines ask for access tokens (OAuth 2.0, client credentials).")
    var tokenUrl: String?

    @Option(help: "The client's id there.")
    var clientId: String?

    @Option(
        help: ArgumentHelp("The engines' secret that is the client's secret.", valueName: "secret"))
    var clientSecret: String?

    @Option(help: ArgumentHelp("A file with the client's secret itself.", valueName: "file"))
    var clientSecretFrom: String?

    @Option(help: "The scope that is asked for.")
    var scope: String?

    @Option(help: "The audience that is asked for.")
    var audience: String?

    @Flag(name: .customLong("no-tokens"), help: "Send no access tokens any more.")
    var isDropped = false

    private var isGiven: Bool {
        [tokenUrl, clientId, clientSecret, clientSecretFrom, scope, audience].contains { $0 != nil }
    }

    func validate() throws {
        if isDropped, isGiven { throw ValidationError("Give --no-tokens or what tokens are asked for with, not both.") }
        if clientSecret != nil, clientSecretFrom != nil {
            throw ValidationError("Give --client-secret or --client-secret-from, not both.")
        }
        if let clientSecret, !Name.isValid(clientSecret) {
            throw ValidationError("--client-secret is the name of a secret of the engines. \(Name.rule())")
        }
    }

    /// What is given, over what there is.
    func body(_ known: JSON?, of participant: String) throws(CLIError) -> JSON {
        let before = known?["oauth2"]?.object
        if isDropped || (before == nil && !isGiven) { return .null }
        var oauth2 = before ?? JSONObject()
        for (member, text) in [
            ("tokenUrl", tokenUrl), ("clientId", clientId), ("scope", scope), ("audience", audience),
            ("clientSecret", clientSecret.map { "${secret:\($0)}" }),
        ] {
            if let text { oauth2[member] = .string(text) }
        }
        if let file = clientSecretFrom {
            guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
                throw .unusable("\(file.clipped), which holds the client's secret, can't be read")
            }
            oauth2["clientSecret"] = .string(text.trimmed())
        }
        if before != nil, oauth2["clientSecret"]?.isNull ?? true {
            throw .unusable(
                "\(participant) has a client's secret that can't be read back: give it again with --client-secret or "
                    + "--client-secret-from, or --no-tokens")
        }
        return ["oauth2": .object(oauth2)]
    }
}
