/// The passwords of URLs in a text.
enum URLPassword {
    /// `scheme://user:password@host` with the password replaced.
    ///
    /// The user info ends at the last `@` before a slash, a blank, a quote, an angle bracket or a control character:
    /// passwords that should have been encoded, with `@`, `?` or `#` in them, are found too.
    static func mask(_ text: String) -> String {
        var text = text
        let found = text.withUTF8 { bytes in passwords(bytes) }
        guard !found.isEmpty else { return text }
        var masked: [UInt8] = []
        text.withUTF8 { bytes in
            var from = 0
            for range in found {
                masked += bytes[from..<range.lowerBound]
                masked += Array(Redactor.redacted.utf8)
                from = range.upperBound
            }
            masked += bytes[from...]
        }
        return String(decoding: masked, as: UTF8.self)
    }

    private static func passwords(_ bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        guard bytes.count > 6 else { return [] }
        var found: [Range<Int>] = []
        var at = 0
        while at + 2 < bytes.count {
            guard bytes[at] == 0x3A, bytes[at + 1] == 0x2F, bytes[at + 2] == 0x2F else {
                at += 1
                continue
            }
            let start = at + 3
            at = start
            var (colon, sign): (Int?, Int?) = (nil, nil)
            while at < bytes.count, !endsUserInfo(bytes[at]) {
                if bytes[at] == UInt8(ascii: ":"), colon == nil { colon = at }
                if bytes[at] == UInt8(ascii: "@") { sign = at }
                at += 1
            }
            if let colon, let sign, colon + 1 < sign { found.append(colon + 1..<sign) }
        }
        return found
    }

    private static func endsUserInfo(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\"")
            || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
    }
}
