internal import Basics

/// The numbers that JavaScript has and JSON has not. They live within one evaluation: they are never stored or sent.
extension JSONNumber {
    static let notANumber = JSONNumber(checked: "NaN")
    static let infinity = JSONNumber(checked: "Infinity")
    static let negativeInfinity = JSONNumber(checked: "-Infinity")

    /// What a computation came to.
    init(computed value: Double) {
        if let number = JSONNumber(value) {
            self = number
        } else {
            self = value.isNaN ? .notANumber : value < 0 ? .negativeInfinity : .infinity
        }
    }

    /// As a `Double`, NaN and infinities included.
    var computable: Double { Double(text) ?? .nan }

    /// Ends with a digit, as JSON's numbers do.
    var isFinite: Bool { text.utf8.last?.isDigit == true }

    /// How one value stands to another; nil when one of them is NaN, which stands to nothing.
    static func order(_ left: JSONNumber, _ right: JSONNumber) -> Order? {
        if left.isFinite && right.isFinite { return compare(left, right) }
        let (left, right) = (left.computable, right.computable)
        return left.isNaN || right.isNaN ? nil : left < right ? .less : left > right ? .greater : .equal
    }

    /// Neither zero nor NaN.
    var isTruthy: Bool {
        if !isFinite { return self != .notANumber }
        for byte in text.utf8 {
            if (0x31...0x39).contains(byte) { return true }
            if byte | 0x20 == UInt8(ascii: "e") { return false }
        }
        return false
    }
}
