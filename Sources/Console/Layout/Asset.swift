/// A file that pages load: style, or a script. It is in the program, and its name tells its content, so it may be kept for ever.
package struct Asset: Sendable {
    package enum Kind: String, Sendable {
        case style = "css"
        case script = "js"
        case image = "svg"

        package var contentType: String {
            switch self {
            case .style: "text/css; charset=utf-8"
            case .script: "text/javascript; charset=utf-8"
            case .image: "image/svg+xml"
            }
        }
    }

    package let kind: Kind
    package let text: String
    /// `console-0123456789abcdef.css`
    package let fileName: String

    package init(_ name: String, _ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
        fileName = "\(name)-\(Self.digest(text)).\(kind.rawValue)"
    }

    /// All there are, by their names.
    package static let all: [String: Asset] = Dictionary(
        [style, script, icon].map { ($0.fileName, $0) }, uniquingKeysWith: { first, _ in first })

    package static let style = Asset("console", .style, EmbeddedAssets.style)
    package static let script = Asset("console", .script, EmbeddedAssets.script)
    package static let icon = Asset("icon", .image, EmbeddedAssets.icon)

    /// FNV-1a of 64 bits: it tells versions of our own files apart, and guards nothing.
    private static func digest(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let hex = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }
}
