import FoundationEssentials

/// Figures as JSON, with names in lower snake_case.
enum Figures {
    /// One line.
    static func text(_ value: some Encodable) -> String { String(decoding: bytes(value, []), as: UTF8.self) }

    /// As files have it.
    static func file(_ value: some Encodable) -> Data { bytes(value, .prettyPrinted) + Data("\n".utf8) }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws(BenchError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(type, from: Data(text.utf8)) } catch {
            throw .disobeyed("these should be figures: \(text) (\(error))")
        }
    }

    private static func bytes(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, format]
        do { return try encoder.encode(value) } catch { preconditionFailure("figures that are no JSON: \(error)") }
    }
}

extension Double {
    /// Three digits after the point are more than any figure here is good for.
    var figure: Double { (self * 1000).rounded() / 1000 }
}

/// Figures, and what else is told of them, side by side in one object.
struct Beside<Figures: Encodable & Sendable, Detail: Encodable & Sendable>: Encodable, Sendable {
    let figures: Figures
    let detail: Detail

    func encode(to encoder: any Encoder) throws {
        try figures.encode(to: encoder)
        try detail.encode(to: encoder)
    }
}

/// A figure that may be missing: JSON has null then.
@propertyWrapper
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    var wrappedValue: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension Nullable: Equatable where Value: Equatable {}
