internal import Basics

/// A JSON number that keeps its text: `9007199254740993` and `1.000000000000000005` come out as they went in.
///
/// Equality is equality of the text; values are compared with `compare(_:_:)`.
package struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The number as written, within RFC 8259's grammar.
    package let text: String

    /// A number whose text has been checked against the grammar already.
    init(checked text: String) { self.text = text }

    /// An integer.
    package init(_ value: Int) { text = String(value) }

    /// The shortest text that reads back as the same `Double`, integers without a fraction; nil for NaN and infinities.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        // `Int(exactly:)` and `rounded()` would do, but they need the C mathematics library.
        if value.magnitude < 0x1p63, Double(Int(value)) == value {
            text = String(Int(value))
        } else {
            text = value.description
        }
    }

    /// A number from its text; nil when RFC 8259 has no such number (`01`, `+1`, `.5`, `1.`, `NaN`).
    package init?(_ text: String) {
        var utf8 = text
        let isNumber = utf8.withUTF8 { JSONNumberScan($0, from: 0).end == $0.count && !$0.isEmpty }
        guard isNumber else { return nil }
        self.text = text
    }

    /// The value when it is written as an integer (no fraction, no exponent) that fits.
    package var int: Int? { Int(text) }

    /// The value when it is whole and fits, however it is written: `1.0` and `1e3` are. What people and programs send is read so, as
    /// JSON Schema has it.
    package var whole: Int? {
        if let int { return int }
        guard let double, double.magnitude < 0x1p53, Double(Int(double)) == double else { return nil }
        return Self.compare(self, JSONNumber(Int(double))) == .equal ? Int(double) : nil
    }

    /// The nearest `Double`; nil beyond its range.
    package var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    package var description: String { text }
}

/// The extent of the number that begins at a position, by RFC 8259's grammar.
struct JSONNumberScan {
    /// One past the last byte of the number; nil when there is none.
    let end: Int?
    /// Where scanning stopped: the byte that broke the grammar when `end` is nil.
    let stop: Int
    /// The exponent's value, saturated at 1,000,000 in either direction; 0 when none is written.
    let exponent: Int

    @inline(__always)
    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
        var at = start
        var exponent = 0
        func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index].isDigit }
        func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

        if byte(at) == UInt8(ascii: "-") { at += 1 }
        guard isDigit(at) else { (end, stop, self.exponent) = (nil, at, 0); return }
        if bytes[at] == UInt8(ascii: "0") {
            at += 1
        } else {
            while isDigit(at) { at += 1 }
        }
        if byte(at) == UInt8(ascii: ".") {
            at += 1
            guard isDigit(at) else { (end, stop, self.exponent) = (nil, at, 0); return }
            while isDigit(at) { at += 1 }
        }
        if byte(at) | 0x20 == UInt8(ascii: "e") {
            at += 1
            let isNegative = byte(at) == UInt8(ascii: "-")
            if isNegative || byte(at) == UInt8(ascii: "+") { at += 1 }
            guard isDigit(at) else { (end, stop, self.exponent) = (nil, at, 0); return }
            while isDigit(at) {
                exponent = min(exponent * 10 + Int(bytes[at] &- 0x30), 1_000_000)
                at += 1
            }
            if isNegative { exponent = -exponent }
        }
        (end, stop, self.exponent) = (at, at, exponent)
    }
}
