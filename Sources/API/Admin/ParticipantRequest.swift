import Core
import Participants

/// What is registered of a participant, read and checked.
struct ParticipantRequest {
    /// As it was given.
    let url: String
    let maxConcurrent: Int?
    /// Sent with every call. May hold secrets.
    let headers: JSONObject
    /// Nil when it is switched off.
    let breaker: BreakerPolicy?
    /// Names of the secrets that sign its calls; empty for none.
    let signWith: [String]
    /// Where `url` leads.
    let host: String

    private static let maxHeaders = 32

    init(_ json: JSON, rules: AddressRules) throws(Problem) {
        var fields = try Fields(json, known: ["url", "maxConcurrent", "headers", "breaker", "signWith"])
        let pointer = JSONPointer(["url"])
        let url = fields.string("url", maxBytes: 2048)
        if fields["url"] == nil { fields.refuse(pointer, "This member is required.") }
        host = url.flatMap { Self.host(of: $0, at: pointer, rules: rules, &fields) } ?? ""
        maxConcurrent = fields["maxConcurrent"]?.isNull == true ? nil : fields.integer("maxConcurrent", in: 1...10_000)
        headers = Self.headers(&fields)
        breaker = Self.breaker(&fields)
        signWith = Self.signWith(&fields)
        try fields.check()
        self.url = url ?? ""
    }

    /// The URL's host, if it may be called as far as that can be said without looking it up.
    private static func host(
        of url: String, at pointer: JSONPointer, rules: AddressRules, _ fields: inout Fields
    ) -> String? {
        do throws(ParticipantsError) {
            let host = try BaseURL(parsing: url).origin.host
            guard let violation = rules.violation(ofHost: host) else { return host }
            fields.refuse(pointer, violation)
        } catch {
            fields.refuse(pointer, error.description)
        }
        return nil
    }

    /// Secrets by their names: only engines have them.
    private static func signWith(_ fields: inout Fields) -> [String] {
        let pointer = JSONPointer(["signWith"])
        guard let json = fields["signWith"], !json.isNull else { return [] }
        guard let elements = json.array, elements.count <= CallSignature.mostSecrets else {
            fields.refuse(
                pointer, "This must be a list of at most \(CallSignature.mostSecrets) names of the engines' secrets.")
            return []
        }
        var names: [String] = []
        for (index, element) in elements.enumerated() {
            guard let name = element.string, Name.isValid(name) else {
                fields.refuse(pointer.appending(index), Name.rule())
                continue
            }
            if names.contains(name) { fields.refuse(pointer.appending(index), "This is listed twice.") }
            names.append(name)
        }
        return names
    }

    private static func headers(_ fields: inout Fields) -> JSONObject {
        let pointer = JSONPointer(["headers"])
        guard let json = fields["headers"] else { return JSONObject() }
        guard let object = json.object else {
            fields.refuse(pointer, "This must be an object of strings, not \(json.typeName).")
            return JSONObject()
        }
        if object.count > maxHeaders { fields.refuse(pointer, "A participant has at most \(maxHeaders) headers.") }
        var seen: Set<String> = []
        for (name, value) in object.members.prefix(maxHeaders) {
            let place = pointer.appending(name)
            let lower = name.lowercased()
            if !HeaderName.isToken(name) {
                fields.refuse(place, "A header's name is an HTTP token of at most 128 characters.")
            } else if HeaderName.isReserved(name) {
                fields.refuse(place, "This header is set by the protocol and cannot be given.")
            } else if !seen.insert(lower).inserted {
                fields.refuse(place, "This header is given twice.")
            }
            guard let text = value.string, text.utf8.count <= 4096, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else {
                fields.refuse(place, "A header's value is a string of at most 4096 printable ASCII characters.")
                continue
            }
        }
        return object
    }
}
