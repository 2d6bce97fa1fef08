extension JSONNumber {
    /// How one value stands to another.
    package enum Order: Sendable { case less, equal, greater }

    /// Compares two values exactly, whatever their length: no detour over `Double`.
    ///
    /// `1`, `1.0` and `10e-1` are equal, and so are `0` and `-0`. Exponents beyond ±1,000,000 are taken as that.
    package static func compare(_ left: JSONNumber, _ right: JSONNumber) -> Order {
        if let left = left.int, let right = right.int {
            return left < right ? .less : left > right ? .greater : .equal
        }
        return Decimal(left).compare(Decimal(right))
    }

    /// Sign, significant digits (no zeros at either end) and the position of the point: 0.d₁d₂d₃… × 10^point.
    struct Decimal {
        var isNegative = false
        var digits: [UInt8] = []
        var point = 0

        init(_ number: JSONNumber) {
            var hasPoint = false
            var isLeading = true
            var fraction = 0
            scan: for byte in number.text.utf8 {
                switch byte {
                case UInt8(ascii: "-"): isNegative = true
                case UInt8(ascii: "."): hasPoint = true
                case UInt8(ascii: "e"), UInt8(ascii: "E"): break scan
                default:
                    if hasPoint { fraction += 1 }
                    isLeading = isLeading && byte == UInt8(ascii: "0")
                    if !isLeading { digits.append(byte) }
                }
            }
            point = digits.count - fraction + Self.exponent(number)
            while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        }

        private static func exponent(_ number: JSONNumber) -> Int {
            var text = number.text
            return text.withUTF8 { JSONNumberScan($0, from: 0).exponent }
        }

        func compare(_ other: Decimal) -> Order {
            if digits.isEmpty || other.digits.isEmpty {
                if digits.isEmpty && other.digits.isEmpty { return .equal }
                let isLess = digits.isEmpty ? !other.isNegative : isNegative
                return isLess ? .less : .greater
            }
            if isNegative != other.isNegative { return isNegative ? .less : .greater }
            let magnitude = compareMagnitude(other)
            switch (magnitude, isNegative) {
            case (.less, false), (.greater, true): return .less
            case (.greater, false), (.less, true): return .greater
            case (.equal, _): return .equal
            }
        }

        private func compareMagnitude(_ other: Decimal) -> Order {
            if point != other.point { return point < other.point ? .less : .greater }
            if digits == other.digits { return .equal }
            return digits.lexicographicallyPrecedes(other.digits) ? .less : .greater
        }
    }
}
