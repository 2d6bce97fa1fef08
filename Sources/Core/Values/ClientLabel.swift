/// What a client calls a run by, and whose it is: `correlationId` and `tenantId`. One rule, whichever door it comes through.
///
/// A correlation id goes out again as a header of every call, so it is what a header can carry as it is: HTTP takes blanks at
/// the ends away, and has no common reading of bytes beyond ASCII.
package enum ClientLabel {
    package static let maxBytes = 255
    package static let rule = "1 to \(maxBytes) printable ASCII characters, without blanks at the ends"

    /// A tenant's id is such a label, and not what stands for all tenants.
    package static let tenantRule = "\(rule), and not \(TenantScope.allName)"

    package static func isTenant(_ text: String) -> Bool { isValid(text) && text != TenantScope.allName }

    package static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...maxBytes).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return false
        }
        return bytes.first != 0x20 && bytes.last != 0x20
    }
}
