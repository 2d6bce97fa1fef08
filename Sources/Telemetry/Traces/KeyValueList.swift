import Basics

/// `key=value,key2=value2` with percent-encoded values: the form of headers and resource attributes in variables, which
/// is that of W3C baggage.
enum KeyValueList {
    /// The pairs in order, blanks around keys and values cut off; nil when a part is no pair or badly encoded.
    static func parse(_ text: String) -> [(key: String, value: String)]? {
        var pairs: [(key: String, value: String)] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = PercentEncoding.decode(sides[0].trimmingBlanks()),
                let value = PercentEncoding.decode(sides[1].trimmingBlanks()), !key.isEmpty
            else { return nil }
            pairs.append((key, value))
        }
        return pairs
    }
}
