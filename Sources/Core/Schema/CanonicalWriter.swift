/// Writes values so that equal ones have equal texts, by what JSON Schema calls equal: numbers by their value, objects
/// whatever the order of their members, strings scalar by scalar.
struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []
    /// Beyond so many bytes nobody is interested.
    let limit: Int
    /// Of the budget, in bytes.
    private(set) var left: Int

    init(limit: Int, left: Int) {
        self.limit = limit
        self.left = left
    }

    /// False when the text is longer than the limit.
    mutating func write(_ value: JSON) throws(SchemaGivenUp) -> Bool {
        try charge(Cost.operation / 4)
        switch value {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .bool(let value): bytes.append(value ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .number(let number): try write(number)
        case .string(let text):
            guard text.utf8.count <= limit else { return false }
            try charge(text.utf8.count)
            JSON.encode(text, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for element in elements {
                guard try write(element) else { return false }
                bytes.append(UInt8(ascii: ","))
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object): return try write(object)
        }
        return bytes.count <= limit
    }

    /// Sign, digits without zeros at their ends, and where the point is.
    private mutating func write(_ number: JSONNumber) throws(SchemaGivenUp) {
        try charge(Cost.ofNumber(number.text.utf8.count))
        if let int = number.int {
            // What most numbers are; the same as below, or `1` and `1.0` would differ.
            var (digits, zeros) = (int, 0)
            while digits != 0, digits % 10 == 0 { (digits, zeros) = (digits / 10, zeros + 1) }
            let text = digits.magnitude.description
            append(isNegative: digits < 0, digits == 0 ? "" : text, point: digits == 0 ? 0 : text.utf8.count + zeros)
            return
        }
        let decimal = JSONNumber.Decimal(number)
        let isZero = decimal.digits.isEmpty
        append(
            isNegative: decimal.isNegative && !isZero, String(decoding: decimal.digits, as: UTF8.self),
            point: isZero ? 0 : decimal.point)
    }

    private mutating func append(isNegative: Bool, _ digits: String, point: Int) {
        bytes.append(isNegative ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        bytes.append(contentsOf: digits.utf8)
        bytes.append(UInt8(ascii: "e"))
        bytes.append(contentsOf: String(point).utf8)
    }

    private mutating func write(_ object: JSONObject) throws(SchemaGivenUp) -> Bool {
        // A member takes four bytes at least: its name's quotes, a value and a comma.
        guard object.count <= limit / 4 + 1 else { return false }
        // Sorting compares each name with a few others, and the beginnings of long ones may be alike.
        try charge(object.members.reduce(0) { $0 + 16 + $1.key.utf8.count * 8 })
        bytes.append(UInt8(ascii: "{"))
        let sorted =
            object.count < 2
            ? object.members
            : object.members.sorted {
                $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
            }
        for (key, value) in sorted {
            JSON.encode(key, into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            guard try write(value) else { return false }
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes.count <= limit
    }

    private mutating func charge(_ cost: Int) throws(SchemaGivenUp) {
        left -= cost
        if left < 0 { throw .tooCostly }
    }
}
