/// Numbers in conditions: exact for integers of 64 bits, else as `Double` computes, NaN and infinities included.
enum Arithmetic {
    static func compute(_ symbol: Operator, _ operands: [JSONNumber]) -> JSONNumber {
        switch (symbol, operands.count) {
        case (.add, _): operands.reduce(JSONNumber(0), add)
        case (.multiply, 1...): operands.dropFirst().reduce(operands[0], multiply)
        case (.subtract, 1): subtract(JSONNumber(0), operands[0])
        case (.subtract, 2): subtract(operands[0], operands[1])
        case (.divide, 2): divide(operands[0], operands[1])
        case (.remainder, 2): remainder(operands[0], operands[1])
        default: .notANumber
        }
    }

    private static func add(_ left: JSONNumber, _ right: JSONNumber) -> JSONNumber {
        exact(left, right) { $0.addingReportingOverflow($1) } ?? inexact(left, right, +)
    }

    private static func subtract(_ left: JSONNumber, _ right: JSONNumber) -> JSONNumber {
        exact(left, right) { $0.subtractingReportingOverflow($1) } ?? inexact(left, right, -)
    }

    private static func multiply(_ left: JSONNumber, _ right: JSONNumber) -> JSONNumber {
        exact(left, right) { $0.multipliedReportingOverflow(by: $1) } ?? inexact(left, right, *)
    }

    private static func divide(_ left: JSONNumber, _ right: JSONNumber) -> JSONNumber {
        if let left = left.int, let right = right.int, right != 0 {
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            if !overflow, quotient * right == left { return JSONNumber(quotient) }
        }
        return inexact(left, right, /)
    }

    /// The remainder with the sign of the dividend.
    private static func remainder(_ left: JSONNumber, _ right: JSONNumber) -> JSONNumber {
        exact(left, right) { $0.remainderReportingOverflow(dividingBy: $1) } ?? inexact(left, right, remainder)
    }

    /// What C's `fmod` gives, by subtracting multiples that are powers of two: every step is exact.
    private static func remainder(_ left: Double, _ right: Double) -> Double {
        let divisor = right.magnitude
        guard divisor > 0, left.isFinite else { return .nan }
        guard divisor.isFinite else { return left }
        var rest = left.magnitude
        var multiple = divisor
        while multiple <= rest / 2 { multiple *= 2 }
        while multiple >= divisor {
            if rest >= multiple { rest -= multiple }
            multiple /= 2
        }
        return left < 0 ? -rest : rest
    }

    private static func exact(
        _ left: JSONNumber, _ right: JSONNumber, _ compute: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) -> JSONNumber? {
        guard let left = left.int, let right = right.int else { return nil }
        let (value, overflow) = compute(left, right)
        return overflow ? nil : JSONNumber(value)
    }

    private static func inexact(
        _ left: JSONNumber, _ right: JSONNumber, _ compute: (Double, Double) -> Double
    ) -> JSONNumber {
        JSONNumber(computed: compute(left.computable, right.computable))
    }
}
