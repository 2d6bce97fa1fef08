/// What of a value may be shown.
enum Redaction {
    /// Whether the value holds something that must not be shown.
    static func hides(_ value: String, _ secrecy: Settings.Secrecy) -> Bool {
        switch secrecy {
        case .open: false
        case .password: hasPassword(value)
        case .secret: true
        }
    }

    /// The value as people may see it.
    static func shown(_ value: String, _ secrecy: Settings.Secrecy) -> String {
        guard hides(value, secrecy) else { return value }
        guard secrecy == .password, let masked = maskedURL(value) else { return "(set, not shown)" }
        return masked
    }

    /// A password before the last `@` of a URL, or the word itself (`password=…`, `sslpassword=…`), or a parameter whose
    /// name is percent-encoded and may be that word. Rather too often than too rarely.
    private static func hasPassword(_ value: String) -> Bool {
        namesPassword(value) || maskedURL(value) != nil || looksLikeUserInfo(value)
    }

    /// `user:password@` in what is no URL, which a slip of the pen may have made of one.
    private static func looksLikeUserInfo(_ value: String) -> Bool {
        guard !value.contains("://"), let at = value.lastIndex(of: "@") else { return false }
        return value[..<at].contains(":")
    }

    private static func namesPassword(_ value: String) -> Bool {
        let query = value.firstIndex(of: "?").map { value[$0...] } ?? ""
        return value.lowercased().contains("password") || query.contains("%")
    }

    /// `scheme://user:***@…`; nil when there is no such password, or another one as well.
    private static func maskedURL(_ value: String) -> String? {
        guard let scheme = value.firstRange(of: "://"), let at = value.lastIndex(of: "@"), at > scheme.upperBound,
            let colon = value[scheme.upperBound..<at].firstIndex(of: ":"), !namesPassword(value)
        else { return nil }
        return value[...colon] + "***" + value[at...]
    }
}
