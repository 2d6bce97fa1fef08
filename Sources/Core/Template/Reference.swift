internal import Basics

/// A path into what a run knows, as `${…}` and `var` write it: a root and the members and indices below it.
///
/// `input.order.lines.0.sku`, `context.tenantId`, `run.id`, `steps.charge-payment.output.paymentId`, `steps.ID.status`.
/// Members are made of letters, digits, `_` and `-`; a number is an index when it meets an array.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// What the path begins with; lists are the rest of the path.
    package enum Root: Hashable, Sendable {
        case input([String])
        case context([String])
        case runID
        case stepOutput(step: String, [String])
        case stepStatus(step: String)
    }

    package let root: Root

    package init(_ root: Root) { self.root = root }

    /// Reads a path; nil when the grammar does not have it.
    package init?(_ path: String) {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(Self.isName) else { return nil }
        switch (parts[0], parts.count) {
        case ("input", _): root = .input(Array(parts.dropFirst()))
        case ("context", _): root = .context(Array(parts.dropFirst()))
        case ("run", 2) where parts[1] == "id": root = .runID
        case ("steps", 3...) where parts[2] == "output": root = .stepOutput(step: parts[1], Array(parts.dropFirst(3)))
        case ("steps", 3) where parts[2] == "status": root = .stepStatus(step: parts[1])
        default: return nil
        }
    }

    /// The step this depends on, if any.
    package var step: String? {
        switch root {
        case .stepOutput(let step, _), .stepStatus(let step): step
        case .input, .context, .runID: nil
        }
    }

    /// It is this step's output, or something in it.
    package func isOutput(of step: String) -> Bool {
        if case .stepOutput(step, _) = root { true } else { false }
    }

    /// The path as it is written.
    package var description: String {
        switch root {
        case .input(let path): (["input"] + path).joined(separator: ".")
        case .context(let path): (["context"] + path).joined(separator: ".")
        case .runID: "run.id"
        case .stepOutput(let step, let path): (["steps", step, "output"] + path).joined(separator: ".")
        case .stepStatus(let step): "steps.\(step).status"
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }
}

extension JSON {
    /// The value below this one along members and, in arrays, indices from 0; nil when there is none.
    package func value(at path: some Sequence<String>) -> JSON? {
        var value = self
        for name in path {
            switch value {
            case .object(let members):
                guard let member = members[name] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
                value = elements[index]
            case .null, .bool, .number, .string: return nil
            }
        }
        return value
    }
}

/// What a run knows, as templates and conditions see it.
package protocol Scope {
    /// The value a reference leads to; nil when there is none.
    func value(_ reference: Reference) -> JSON?
}
