import Core

extension ParticipantRequest {
    /// Secrets and keys by their names: only engines have them.
    static func signWith(_ fields: inout Fields) -> [String] {
        let pointer = JSONPointer(["signWith"])
        guard let json = fields["signWith"], !json.isNull else { return [] }
        let elements = json.array ?? []
        let keys = elements.filter { $0.string?.hasPrefix(SigningKey.prefix) ?? false }
        guard json.array != nil, elements.count - keys.count <= CallSignature.mostSecrets, keys.count <= 1 else {
            fields.refuse(
                pointer,
                "This must be a list of at most \(CallSignature.mostSecrets) names of the engines' secrets, and one of a key, "
                    + "as in \(SigningKey.prefix)NAME.")
            return []
        }
        var names: [String] = []
        for (index, element) in elements.enumerated() {
            let text = element.string ?? ""
            let name = text.hasPrefix(SigningKey.prefix) ? String(text.dropFirst(SigningKey.prefix.count)) : text
            guard Name.isValid(name) else {
                fields.refuse(pointer.appending(index), Name.rule())
                continue
            }
            if names.contains(text) { fields.refuse(pointer.appending(index), "This is listed twice.") }
            names.append(text)
        }
        return names
    }

    /// What connections are made with: names of the engines' files.
    static func tls(_ fields: inout Fields, isEncrypted: Bool) -> ParticipantTLS? {
        let pointer = JSONPointer(["tls"])
        guard let json = fields["tls"], !json.isNull else { return nil }
        guard let object = json.object else {
            fields.refuse(pointer, "This must be an object, not \(json.typeName).")
            return nil
        }
        var names: [String: String] = [:]
        for (key, value) in object.members {
            let place = pointer.appending(key)
            guard ["certificate", "key", "ca"].contains(key) else {
                fields.refuse(place, "TLS has certificate, key and ca.")
                continue
            }
            if value.isNull { continue }
            guard let name = value.string, Name.isValid(name) else {
                fields.refuse(place, Name.rule())
                continue
            }
            names[key] = name
        }
        if !isEncrypted { fields.refuse(pointer, "This is for a URL that begins with https://.") }
        if names["key"] != nil, names["certificate"] == nil {
            fields.refuse(pointer.appending("key"), "A key needs its certificate.")
        }
        if names.isEmpty { return nil }
        return ParticipantTLS(certificate: names["certificate"], key: names["key"], ca: names["ca"])
    }
}
