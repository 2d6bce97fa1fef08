/// `multipleOf`, exactly: no detour over `Double`, and no long division.
struct Multiple: Sendable {
    /// Significant digits at most, so that remainders fit into 64 bits.
    static let maxDigits = 18

    let number: JSONNumber
    private let digits: UInt64
    private let exponent: Int

    /// Nil when the number is not greater than 0 or has too many digits.
    init?(_ number: JSONNumber) {
        let decimal = JSONNumber.Decimal(number)
        guard !decimal.digits.isEmpty, !decimal.isNegative, decimal.digits.count <= Self.maxDigits else { return nil }
        self.number = number
        digits = decimal.digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
        exponent = decimal.point - decimal.digits.count
    }

    /// Whether a value is a whole number of these.
    ///
    /// With `value = a × 10^m` and this `b × 10^n`, neither `a` nor `b` ending in a zero: if `m < n`, `a` would have to be
    /// divisible by ten; else `b` has to divide `a × 10^(m−n)`, whose remainder is computed digit by digit.
    func divides(_ value: JSONNumber) -> Bool {
        let decimal = JSONNumber.Decimal(value)
        if decimal.digits.isEmpty { return true }
        let power = decimal.point - decimal.digits.count - exponent
        if power < 0 { return false }
        var remainder: UInt64 = 0
        for digit in decimal.digits { remainder = (remainder * 10 + UInt64(digit - 0x30)) % digits }
        // Exponents of numbers are within ±400.
        for _ in 0..<power where remainder != 0 { remainder = remainder * 10 % digits }
        return remainder == 0
    }
}

extension JSONNumber {
    /// It has no fraction, however it is written.
    var isIntegral: Bool {
        if int != nil { return true }
        let decimal = Decimal(self)
        return decimal.digits.isEmpty || decimal.point >= decimal.digits.count
    }
}
