extension Template.Node {
    func render(_ scope: some Scope) throws(TemplateError) -> JSON {
        switch self {
        case .constant(let value): return value
        case .value(let reference, at: _): return scope.value(reference) ?? .null
        case .text(let text, at: let pointer): return .string(try text.render(scope, at: pointer))
        case .array(let nodes):
            var elements: [JSON] = []
            elements.reserveCapacity(nodes.count)
            for node in nodes { elements.append(try node.render(scope)) }
            return .array(elements)
        case .object(var object, varying: let varying):
            for (index, node) in varying { object.replaceValue(at: index, with: try node.render(scope)) }
            return .object(object)
        }
    }

    /// Appends the compact text of what `render` gives.
    func encode(_ scope: some Scope, into bytes: inout [UInt8]) throws(TemplateError) {
        switch self {
        case .constant(let value): value.encode(into: &bytes)
        case .value(let reference, at: let pointer):
            (scope.value(reference) ?? .null).encode(into: &bytes)
            try Self.check(bytes, at: pointer)
        case .text(let text, at: let pointer):
            JSON.encode(try text.render(scope, at: pointer), into: &bytes)
            try Self.check(bytes, at: pointer)
        case .array(let nodes):
            bytes.append(UInt8(ascii: "["))
            for (index, node) in nodes.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try node.encode(scope, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object, varying: let varying):
            var rest = varying[...]
            bytes.append(UInt8(ascii: "{"))
            for (index, (key, value)) in object.members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSON.encode(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if let next = rest.first, next.index == index {
                    rest = rest.dropFirst()
                    try next.node.encode(scope, into: &bytes)
                } else {
                    value.encode(into: &bytes)
                }
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func check(_ bytes: [UInt8], at pointer: JSONPointer) throws(TemplateError) {
        guard bytes.count <= Template.maxBytes else {
            throw TemplateError(.tooLarge(limit: Template.maxBytes), pointer: pointer)
        }
    }
}
