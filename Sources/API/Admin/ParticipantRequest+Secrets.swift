import Core
import Participants

extension ParticipantRequest {
    private static let maxHeaders = 32
    private static let maxValueBytes = 4096

    /// - Parameters:
    ///   - hasTokens: engines send access tokens.
    ///   - kept: what null stands for.
    static func headers(
        _ fields: inout Fields, hasTokens: Bool, _ secrets: SecretPolicy, _ kept: KeptSecrets
    ) -> [(String, String)] {
        let pointer = JSONPointer(["headers"])
        guard let json = fields["headers"] else { return [] }
        guard let object = json.object else {
            fields.refuse(pointer, "This must be an object of strings, not \(json.typeName).")
            return []
        }
        if object.count > maxHeaders { fields.refuse(pointer, "A participant has at most \(maxHeaders) headers.") }
        var seen: Set<String> = []
        var headers: [(String, String)] = []
        for (name, value) in object.members.prefix(maxHeaders) {
            let place = pointer.appending(name)
            let lower = name.lowercased()
            if !HeaderName.isToken(name) {
                fields.refuse(place, "A header's name is an HTTP token of at most 128 characters.")
            } else if HeaderName.isReserved(name) {
                fields.refuse(place, "This header is set by the protocol and cannot be given.")
            } else if !seen.insert(lower).inserted {
                fields.refuse(place, "This header is given twice.")
            } else if hasTokens, lower == "authorization" {
                fields.refuse(place, "This header is set by auth and cannot be given beside it.")
            }
            let given: String?
            do throws(KeptSecrets.Loss) { given = value.isNull ? try kept.header(name) : value.string } catch {
                fields.refuse(place, error.sentence)
                continue
            }
            guard let text = given, text.utf8.count <= maxValueBytes, isPrintable(text) else {
                fields.refuse(
                    place, "A header's value is a string of at most \(maxValueBytes) printable ASCII characters.")
                continue
            }
            if let refusal = secrets.refusal(of: text, isCredential: HeaderName.looksLikeCredential(name, text)) {
                fields.refuse(place, refusal)
            }
            headers.append((name, text))
        }
        return headers
    }

    /// Where access tokens come from, and the host of that place.
    static func client(
        _ fields: inout Fields, rules: AddressRules, _ secrets: SecretPolicy, _ kept: KeptSecrets
    ) -> (client: OAuth2Client, host: String)? {
        guard let json = fields["auth"], !json.isNull else { return nil }
        let pointer = JSONPointer(["auth", "oauth2"])
        guard let object = json["oauth2"]?.object, json.object?.count == 1 else {
            fields.refuse(JSONPointer(["auth"]), "This must be an object with oauth2, which is an object.")
            return nil
        }
        var texts: [String: String] = [:]
        for (key, value) in object.members {
            let place = pointer.appending(key)
            guard ["tokenUrl", "clientId", "clientSecret", "scope", "audience"].contains(key) else {
                fields.refuse(place, "A client has tokenUrl, clientId, clientSecret, scope and audience.")
                continue
            }
            if value.isNull { continue }
            guard let text = fields.string(value, at: place, maxBytes: maxClientBytes) else { continue }
            guard isPrintable(text) else {
                fields.refuse(place, "This must be printable ASCII.")
                continue
            }
            texts[key] = text
        }
        if object["clientSecret"]?.isNull == true {
            do throws(KeptSecrets.Loss) {
                texts["clientSecret"] = try kept.clientSecret(tokenURL: texts["tokenUrl"])
            } catch {
                fields.refuse(pointer.appending("clientSecret"), error.sentence)
            }
        }
        for key in ["tokenUrl", "clientId"] where object[key]?.isNull ?? true {
            fields.refuse(pointer.appending(key), "This member is required.")
        }
        if object["clientSecret"] == nil {
            fields.refuse(pointer.appending("clientSecret"), "This member is required.")
        }
        guard let url = texts["tokenUrl"], let id = texts["clientId"], let secret = texts["clientSecret"] else {
            return nil
        }
        if let refusal = secrets.refusal(of: secret, isCredential: true) {
            fields.refuse(pointer.appending("clientSecret"), refusal)
        }
        guard let origin = origin(of: url, at: pointer.appending("tokenUrl"), rules: rules, &fields) else { return nil }
        let client = OAuth2Client(
            tokenURL: url, clientID: id, secret: .text(secret), scope: texts["scope"], audience: texts["audience"])
        return (client, origin.host)
    }

    /// Bytes of each part of a client at most.
    private static let maxClientBytes = 2048

    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}
