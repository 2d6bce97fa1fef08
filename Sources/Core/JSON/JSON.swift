// JSON as sagaflow needs it: payloads pass through unharmed. Numbers keep the text they were written with, members keep
// their order, strings are compared code unit by code unit, and everything a payload could hurt us with (depth, duplicate
// keys, broken UTF-8, numbers the database cannot hold) is refused while parsing. No Foundation: this is on the hot path.

/// Any JSON value; numbers exactly as written, members in order.
///
/// Equality is that of the text: `1.0` and `1` differ, the order of members does not matter, and strings are equal only
/// when their UTF-8 is (Swift's own `String` equality would also accept canonically equivalent text).
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        }
    }
}

extension JSON {
    /// The string, or nil for any other type.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number as an `Int` when it is written as an integer that fits; `1.0` and `1e3` are not.
    package var int: Int? {
        if case .number(let value) = self { value.int } else { nil }
    }

    /// The number as an `Int` when its value is whole and fits; `1.0` and `1e3` are.
    package var whole: Int? {
        if case .number(let value) = self { value.whole } else { nil }
    }

    /// The number rounded to the nearest `Double`; nil for other types and beyond the range of `Double`.
    package var double: Double? {
        if case .number(let value) = self { value.double } else { nil }
    }

    /// The number as written, or nil for any other type.
    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The boolean, or nil for any other type.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, or nil for any other type.
    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, or nil for any other type.
    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// What a person calls this type, for messages: "null", "a boolean", "a number", ...
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The member of an object; nil when absent or when this is no object. Setting is for objects only.
    package subscript(key: String) -> JSON? {
        get { object?[key] }
        set {
            guard case .object(var members) = self else {
                preconditionFailure("a member is set on \(typeName)")
            }
            self = .null  // drops our reference, so that the members are changed in place
            members[key] = newValue
            self = .object(members)
        }
    }

    /// The element of an array; nil when out of range or when this is no array.
    package subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

extension JSON {
    /// A number.
    package init(_ value: Int) { self = .number(JSONNumber(value)) }

    /// A string.
    package init(_ value: String) { self = .string(value) }

    /// A string, or null for nil.
    package init(_ value: String?) { self = value.map { .string($0) } ?? .null }

    /// A boolean.
    package init(_ value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// A finite number; anything else has no JSON and is a programmer's error.
    package init(floatLiteral value: Double) {
        guard let number = JSONNumber(value) else { preconditionFailure("\(value) has no JSON") }
        self = .number(number)
    }

    /// An object; a key written twice keeps the last value.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSON: CustomStringConvertible {
    package var description: String { text }
}

extension String {
    /// Equality of code units, as JSON has it; `==` would also take canonically equivalent text for the same.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
    }
}
