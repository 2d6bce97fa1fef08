/// A text cut so that it fits into a width.
///
/// Nobody here can measure letters, and which ones there are depends on who looks. The widths are about those of
/// DejaVu Sans, the widest of the fonts that systems come with: in all others what fits there fits, too.
package struct FittedText: Sendable, Hashable {
    /// As it is shown.
    package let shown: String
    /// It is all there.
    package let isWhole: Bool

    /// Cuts a text in its middle: names that belong together often differ in their ends only.
    ///
    /// - Parameters:
    ///   - width: in pixels.
    ///   - size: of the letters, in pixels.
    package init(_ text: String, width: Int, size: Double, isBold: Bool = false) {
        let room = Double(width) / Self.scale(size, isBold)
        let widths = text.map { Self.width($0) }
        guard widths.reduce(0, +) > room else {
            (shown, isWhole) = (text, true)
            return
        }
        var (head, tail, used) = (0, 0, Self.width("…"))
        while head + tail < widths.count {
            // Two of three from its beginning.
            let takesHead = head <= 2 * tail
            let next = takesHead ? widths[head] : widths[widths.count - 1 - tail]
            guard used + next <= room else { break }
            used += next
            if takesHead { head += 1 } else { tail += 1 }
        }
        shown = text.prefix(head) + "…" + text.suffix(tail)
        isWhole = false
    }

    /// How wide a text is, about, in pixels.
    package static func width(of text: String, size: Double, isBold: Bool = false) -> Int {
        Int((text.reduce(0) { $0 + width($1) } * scale(size, isBold)).rounded(.up))
    }

    private static func scale(_ size: Double, _ isBold: Bool) -> Double { size * (isBold ? 1.12 : 1) }

    /// Of the size of the letters.
    private static func width(_ character: Character) -> Double {
        guard let byte = character.asciiValue else {
            guard let scalar = character.unicodeScalars.first, scalar.value >= 0x1100 else { return 0.66 }
            // Dashes, quotes, dots and arrows; what is above is as wide as it is high.
            return scalar.value < 0x2E80 ? 0.85 : 1.05
        }
        switch byte {
        case UInt8(ascii: "i"), UInt8(ascii: "j"), UInt8(ascii: "l"), UInt8(ascii: "'"), UInt8(ascii: "|"): return 0.29
        case UInt8(ascii: " "), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"),
            UInt8(ascii: "!"), UInt8(ascii: "I"), UInt8(ascii: "/"), UInt8(ascii: "t"), UInt8(ascii: "f"):
            return 0.36
        case UInt8(ascii: "r"), UInt8(ascii: "-"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["),
            UInt8(ascii: "]"):
            return 0.42
        case UInt8(ascii: "m"), UInt8(ascii: "M"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "@"),
            UInt8(ascii: "%"):
            return 0.98
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return 0.72
        default: return 0.62
        }
    }
}
