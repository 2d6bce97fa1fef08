extension Template.Node {
    func render(_ scope: some Scope) throws(TemplateError) -> JSON {
        switch self {
        case .constant(let value): return value
        case .value(let reference, at: _): return scope.value(reference) ?? .null
        case .text(let text, at: let pointer): return .string(try text.render(scope, at: pointer))
        case .optional(let text, let node): return text.isLeftOut(scope) ? .null : try node.render(scope)
        case .array(let nodes):
            var elements: [JSON] = []
            elements.reserveCapacity(nodes.count)
            for node in nodes where !node.isLeftOut(scope) { elements.append(try node.render(scope)) }
            return .array(elements)
        case .object(var object, varying: let varying):
            var leftOut: [String] = []
            for (index, node) in varying {
                if node.isLeftOut(scope) { leftOut.append(object.members[index].key) }
                object.replaceValue(at: index, with: try node.render(scope))
            }
            for key in leftOut { object[key] = nil }
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
        case .optional(let text, let node):
            if text.isLeftOut(scope) { JSON.null.encode(into: &bytes) } else { try node.encode(scope, into: &bytes) }
        case .array(let nodes):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for node in nodes where !node.isLeftOut(scope) {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try node.encode(scope, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object, varying: let varying):
            var rest = varying[...]
            var isFirst = true
            bytes.append(UInt8(ascii: "{"))
            for (index, (key, value)) in object.members.enumerated() {
                let node = rest.first?.index == index ? rest.removeFirst().node : nil
                if node?.isLeftOut(scope) ?? false { continue }
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSON.encode(key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if let node { try node.encode(scope, into: &bytes) } else { value.encode(into: &bytes) }
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private func isLeftOut(_ scope: some Scope) -> Bool {
        if case .optional(let text, _) = self { text.isLeftOut(scope) } else { false }
    }

    private static func check(_ bytes: [UInt8], at pointer: JSONPointer) throws(TemplateError) {
        guard bytes.count <= Template.maxBytes else {
            throw TemplateError(.tooLarge(limit: Template.maxBytes), pointer: pointer)
        }
    }
}
