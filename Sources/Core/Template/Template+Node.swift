extension Template.Node {
    func render(_ scope: some Scope, _ effort: inout Effort) throws(TemplateError) -> JSON {
        switch self {
        case .constant(let value): return value
        case .value(let choice, at: _): return choice.value(scope) ?? .null
        case .logic(let rule, at: let pointer): return try Self.result(of: rule, scope, at: pointer, &effort)
        case .text(let text, at: let pointer): return .string(try text.render(scope, at: pointer))
        case .optional(let text, let node): return text.isLeftOut(scope) ? .null : try node.render(scope, &effort)
        case .array(let nodes):
            var elements: [JSON] = []
            elements.reserveCapacity(nodes.count)
            for node in nodes where !node.isLeftOut(scope) {
                elements.append(try node.render(scope, &effort))
            }
            return .array(elements)
        case .object(var object, varying: let varying):
            var leftOut: [String] = []
            for (index, node) in varying {
                if node.isLeftOut(scope) { leftOut.append(object.members[index].key) }
                object.replaceValue(at: index, with: try node.render(scope, &effort))
            }
            for key in leftOut { object[key] = nil }
            return .object(object)
        }
    }

    /// Appends the compact text of what `render` gives.
    func encode(
        _ scope: some Scope, into bytes: inout [UInt8], _ effort: inout Effort
    ) throws(TemplateError) {
        switch self {
        case .constant(let value): value.encode(into: &bytes)
        case .value(let choice, at: let pointer):
            (choice.value(scope) ?? .null).encode(into: &bytes)
            try Self.check(bytes, at: pointer)
        case .logic(let rule, at: let pointer):
            try Self.result(of: rule, scope, at: pointer, &effort).encode(into: &bytes)
            try Self.check(bytes, at: pointer)
        case .text(let text, at: let pointer):
            JSON.encode(try text.render(scope, at: pointer), into: &bytes)
            try Self.check(bytes, at: pointer)
        case .optional(let text, let node):
            if text.isLeftOut(scope) {
                JSON.null.encode(into: &bytes)
            } else {
                try node.encode(scope, into: &bytes, &effort)
            }
        case .array(let nodes):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for node in nodes where !node.isLeftOut(scope) {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try node.encode(scope, into: &bytes, &effort)
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
                if let node { try node.encode(scope, into: &bytes, &effort) } else { value.encode(into: &bytes) }
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// What a rule comes to, as a value that JSON has, and that is not larger as text than a template may become: its parts may
    /// be shared many times over.
    private static func result(
        of rule: Condition, _ scope: some Scope, at pointer: JSONPointer, _ effort: inout Effort
    ) throws(TemplateError) -> JSON {
        let value: JSON
        do throws(GivenUp) { value = try rule.value(scope, &effort) } catch {
            switch error {
            case .tooCostly: throw TemplateError(.logicTooCostly(limit: Template.maxOperations), pointer: pointer)
            case .tooDeep: throw TemplateError(.logicTooDeep, pointer: pointer)
            }
        }
        var left = Template.maxBytes
        do throws(TemplateError.Kind) { try measure(value, &left) } catch {
            throw TemplateError(error, pointer: pointer)
        }
        return value
    }

    /// Takes the bytes of the compact text off `left`, about, and gives up when there are none left.
    private static func measure(_ value: JSON, _ left: inout Int) throws(TemplateError.Kind) {
        left -= 2
        switch value {
        case .null, .bool: left -= 2
        case .number(let number):
            guard number.isFinite else { throw .logicNoNumber }
            left -= number.text.utf8.count
        case .string(let text): left -= text.utf8.count
        case .array(let elements): for element in elements { try measure(element, &left) }
        case .object(let object):
            for (key, value) in object.members {
                left -= key.utf8.count + 2
                try measure(value, &left)
            }
        }
        if left < 0 { throw .tooLarge(limit: Template.maxBytes) }
    }

    func isLeftOut(_ scope: some Scope) -> Bool {
        if case .optional(let text, _) = self { text.isLeftOut(scope) } else { false }
    }

    private static func check(_ bytes: [UInt8], at pointer: JSONPointer) throws(TemplateError) {
        guard bytes.count <= Template.maxBytes else {
            throw TemplateError(.tooLarge(limit: Template.maxBytes), pointer: pointer)
        }
    }
}
