/// A place in a JSON document, written as RFC 6901 has it: `/steps/0/action/body`, empty for the whole document.
package struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// The unescaped reference tokens from the root down.
    package private(set) var tokens: [String]

    /// The whole document.
    package static let root = JSONPointer()

    package init(_ tokens: [String] = []) { self.tokens = tokens }

    /// The member `key` of this place.
    package func appending(_ key: String) -> JSONPointer { JSONPointer(tokens + [key]) }

    /// The element `index` of this place, from 0.
    package func appending(_ index: Int) -> JSONPointer { JSONPointer(tokens + [String(index)]) }

    /// A place below this one, given relative to it.
    package func appending(_ other: JSONPointer) -> JSONPointer { JSONPointer(tokens + other.tokens) }

    /// This place as seen from a document in which it lies under `token`.
    func inside(_ token: String) -> JSONPointer { JSONPointer([token] + tokens) }

    /// The pointer's text: `~` is written `~0`, `/` is written `~1`.
    package var description: String {
        var text = ""
        for token in tokens {
            text += "/"
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
        return text
    }
}
