internal import Basics

/// Where `$ref` leads.
extension SchemaReader {
    /// Finds the schema of each reference.
    mutating func resolve() {
        for (index, text) in references {
            let place = schemas[index].pointer.appending("$ref")
            guard text.utf8.first == UInt8(ascii: "#"), let target = Self.pointer(inFragment: text.dropFirst()) else {
                refuse(place, "A $ref leads to a place in this schema, as \"#/$defs/name\"; nothing is fetched.")
                continue
            }
            guard let found = places[target] else {
                refuse(place, "No schema stands at this place.")
                continue
            }
            refer(index, to: found)
        }
    }

    /// The place that a fragment means (RFC 6901 §6); nil when it is no pointer.
    private static func pointer(inFragment fragment: Substring) -> JSONPointer? {
        guard let text = decoded(fragment) else { return nil }
        if text.isEmpty { return .root }
        guard text.utf8.first == UInt8(ascii: "/"), TextFormat.jsonPointer.accepts(text) else { return nil }
        let tokens = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return JSONPointer(
            tokens.map { String(Substring($0)).replacing("~1", with: "/").replacing("~0", with: "~") })
    }

    /// Percent-encoding undone; nil when it is malformed.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next()?.hexValue, let low = rest.next()?.hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Refuses a schema that applies itself to the same value: that would never end.
    mutating func refuseEndless() {
        let targets = schemas.map(\.sameValue)
        var sources = targets.map { _ in [Int]() }
        for (index, others) in targets.enumerated() { for other in others { sources[other].append(index) } }
        // Kahn's algorithm: what is left when no schema without open targets remains, lies on a circle or leads into one.
        var open = targets.map(\.count)
        var done = open.indices.filter { open[$0] == 0 }
        while let index = done.popLast() {
            for source in sources[index] {
                open[source] -= 1
                if open[source] == 0 { done.append(source) }
            }
        }
        guard var index = open.indices.first(where: { open[$0] > 0 }) else { return }
        var seen: Set<Int> = []
        while seen.insert(index).inserted, let next = targets[index].first(where: { open[$0] > 0 }) { index = next }
        // On the circle now, and no circle is without a reference.
        while schemas[index].reference.map({ open[$0] == 0 }) ?? true,
            let next = targets[index].first(where: { open[$0] > 0 })
        {
            index = next
        }
        refuse(
            schemas[index].pointer.appending("$ref"),
            "This leads back to here without going into the value, so that it would never end.")
    }
}

extension CompiledSchema {
    /// The schemas that are applied to the same value.
    fileprivate var sameValue: [Int] {
        var others = reference.map { [$0] } ?? []
        for rule in rules {
            switch rule {
            case .combined(.all(let parts)), .combined(.any(let parts)), .combined(.one(let parts)): others += parts
            case .combined(.not(let part)): others.append(part)
            case .combined(.choose(let condition, let then, let otherwise)):
                others += [condition, then, otherwise].compactMap { $0 }
            case .object(.dependentSchemas(let parts)): others += parts.map(\.schema)
            case .type, .oneOf, .constant, .number, .text, .array, .object: break
            }
        }
        return others
    }
}
