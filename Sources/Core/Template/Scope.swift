extension JSON {
    /// The value below this one along members, indices from 0 and every element of arrays; nil when there is none. Of `each`
    /// comes the list of what the rest of the way leads to, null where it leads nowhere.
    package func value(at path: some Collection<Reference.Element>) -> JSON? {
        var value = self
        var index = path.startIndex
        while index != path.endIndex {
            switch path[index] {
            case .each:
                guard let elements = value.array else { return nil }
                let rest = path[path.index(after: index)...]
                return .array(rest.isEmpty ? elements : elements.map { $0.value(at: rest) ?? .null })
            case .name(let name):
                guard let next = value.member(name) else { return nil }
                value = next
            }
            index = path.index(after: index)
        }
        return value
    }

    private func member(_ name: String) -> JSON? {
        switch self {
        case .object(let members): return members[name]
        case .array(let elements):
            guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
            return elements[index]
        case .null, .bool, .number, .string: return nil
        }
    }
}

/// What a run knows, as templates and conditions see it.
package protocol Scope {
    /// The value of a root; nil when there is none.
    func value(_ root: Reference.Root) -> JSON?
    /// A secret by its name; nil when there is none.
    func secret(_ name: String) -> [UInt8]?
}

extension Scope {
    package func secret(_ name: String) -> [UInt8]? { nil }

    /// The value a reference leads to; nil when there is none.
    package func value(_ reference: Reference) -> JSON? {
        let root = value(reference.root)
        return reference.path.isEmpty ? root : root?.value(at: reference.path)
    }
}
