internal import Basics

/// A path into what a run knows, as `${…}` and `var` write it: a root and the members and indices below it.
///
/// `input.order.lines.0.sku`, `input['@id']`, `input.items[0].sku`, `steps.charge-payment.output.paymentId`,
/// `steps.a.output.lines.*.id`. After a point a member is made of letters, digits, `_` and `-`; in brackets it is an index or
/// any text between quotes. A number is an index when it meets an array. `*` stands for every element of an array: what
/// follows is looked up in each.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// What the path begins with.
    package enum Root: Hashable, Sendable {
        case input
        case context
        /// Of the run as a whole.
        case run(RunMember)
        /// Of a step.
        case step(String, StepMember)
        /// Of the attempt that is to be made.
        case attempt(AttemptMember)
        /// Of the answer that is judged, or of which an output is made.
        case response(ResponseMember)
    }

    /// `run.…`
    package enum RunMember: String, Hashable, Sendable, CaseIterable {
        case id, workflow, version, startedAt, deadlineAt, cause, error
    }

    /// `steps.ID.…`
    package enum StepMember: Hashable, Sendable {
        case output, status, error
        /// `response.status` of the answer that the output came from.
        case responseStatus
        /// `response.headers.NAME`; in lower case.
        case responseHeader(String)
    }

    /// `step.…`
    package enum AttemptMember: String, Hashable, Sendable, CaseIterable {
        case id, attempt, key
    }

    /// `response.…`
    package enum ResponseMember: Hashable, Sendable {
        case status, body
        /// In lower case.
        case header(String)
    }

    /// One step of the way.
    package enum Element: Hashable, Sendable {
        /// A member, or the index of an element.
        case name(String)
        /// Every element of an array.
        case each
    }

    package let root: Root
    /// The way from there; empty for the root itself.
    package let path: [Element]

    package init(_ root: Root, _ path: [Element] = []) {
        self.root = root
        self.path = path
    }

    /// Reads a path; nil when the grammar does not have it.
    package init?(_ text: String) {
        guard let elements = ReferenceParser.elements(of: text), case .name(let first) = elements[0] else { return nil }
        func name(_ index: Int) -> String? {
            guard elements.indices.contains(index), case .name(let name) = elements[index] else { return nil }
            return name
        }
        let second = name(1)
        switch first {
        case "input": self.init(.input, Array(elements.dropFirst()))
        case "context": self.init(.context, Array(elements.dropFirst()))
        case "run":
            guard let member = second.flatMap({ RunMember(rawValue: $0) }) else { return nil }
            guard elements.count == 2 || member == .error else { return nil }
            self.init(.run(member), Array(elements.dropFirst(2)))
        case "step":
            guard elements.count == 2, let member = second.flatMap({ AttemptMember(rawValue: $0) }) else { return nil }
            self.init(.attempt(member))
        case "steps":
            guard let second else { return nil }
            switch (name(2), name(3)) {
            case ("output", _): self.init(.step(second, .output), Array(elements.dropFirst(3)))
            case ("error", _): self.init(.step(second, .error), Array(elements.dropFirst(3)))
            case ("status", _) where elements.count == 3: self.init(.step(second, .status))
            case ("response", "status") where elements.count == 4: self.init(.step(second, .responseStatus))
            case ("response", "headers") where elements.count == 5:
                guard let header = name(4), HeaderName.isToken(header) else { return nil }
                self.init(.step(second, .responseHeader(header.lowercased())))
            default: return nil
            }
        case "response":
            switch second {
            case "status" where elements.count == 2: self.init(.response(.status))
            case "body": self.init(.response(.body), Array(elements.dropFirst(2)))
            case "headers" where elements.count == 3:
                guard let header = name(2), HeaderName.isToken(header) else { return nil }
                self.init(.response(.header(header.lowercased())))
            default: return nil
            }
        default: return nil
        }
    }

    /// The sentence that refuses what is none.
    package static func refusal(of text: String) -> String {
        """
        "\(text.prefix(80))" is no reference: input…, context…, run.id, run.startedAt and others of run, steps.ID.output…, \
        steps.ID.status and steps.ID.response… are, and where they make sense step.… and response.…
        """
    }

    /// The step this depends on, if any.
    package var step: String? {
        if case .step(let step, _) = root { step } else { nil }
    }

    /// It is this step's output, or something in it.
    package func isOutput(of step: String) -> Bool { root == .step(step, .output) }

    /// The path in its shortest form.
    package var description: String {
        var text: String
        switch root {
        case .input: text = "input"
        case .context: text = "context"
        case .run(let member): text = "run.\(member.rawValue)"
        case .attempt(let member): text = "step.\(member.rawValue)"
        case .step(let step, let member):
            text = "steps.\(step)."
            switch member {
            case .output: text += "output"
            case .status: text += "status"
            case .error: text += "error"
            case .responseStatus: text += "response.status"
            case .responseHeader(let name): text += "response.headers.\(name)"
            }
        case .response(.status): text = "response.status"
        case .response(.body): text = "response.body"
        case .response(.header(let name)): text = "response.headers.\(name)"
        }
        for element in path { text += ReferenceParser.text(of: element) }
        return text
    }
}

/// A place where something is named.
package struct ReferenceUse: Sendable, Hashable {
    /// In whatever holds it.
    package let pointer: JSONPointer
    package let reference: Reference
    /// Something stands in for a value that is missing.
    package let isGuarded: Bool

    init(_ pointer: JSONPointer, _ reference: Reference, isGuarded: Bool = false) {
        self.pointer = pointer
        self.reference = reference
        self.isGuarded = isGuarded
    }

    /// The same in a document that holds it at `place`.
    func below(_ place: JSONPointer) -> ReferenceUse {
        ReferenceUse(place.appending(pointer), reference, isGuarded: isGuarded)
    }
}

/// Reads and writes the ways of references.
enum ReferenceParser {
    /// Elements of a reference at most: no JSON has more levels.
    static let maxElements = 64

    /// The names, indices and `*` of a path; nil when it is none. There is at least one.
    static func elements(of text: String) -> [Reference.Element]? {
        var elements: [Reference.Element] = []
        var rest = Substring(text).utf8
        guard let first = plainName(&rest) else { return nil }
        elements.append(.name(first))
        while let byte = rest.popFirst() {
            guard elements.count < maxElements else { return nil }
            switch byte {
            case UInt8(ascii: "."):
                if rest.first == UInt8(ascii: "*") {
                    rest = rest.dropFirst()
                    elements.append(.each)
                } else {
                    guard let name = plainName(&rest) else { return nil }
                    elements.append(.name(name))
                }
            case UInt8(ascii: "["):
                guard let name = bracketed(&rest) else { return nil }
                elements.append(.name(name))
            default: return nil
            }
        }
        return elements
    }

    /// An element as it is written after others.
    static func text(of element: Reference.Element) -> String {
        switch element {
        case .each: return ".*"
        case .name(let name):
            if !name.isEmpty, name.utf8.allSatisfy(isNameByte) { return ".\(name)" }
            let quoted = name.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return "['\(quoted)']"
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static func plainName(_ rest: inout Substring.UTF8View) -> String? {
        let name = rest.prefix(while: isNameByte)
        rest = rest[name.endIndex...]
        return name.isEmpty ? nil : String(Substring(name))
    }

    /// `0]`, `'any text']` or `"any text"]`; a backslash before a quote or a backslash is not part of the text.
    private static func bracketed(_ rest: inout Substring.UTF8View) -> String? {
        guard let first = rest.first else { return nil }
        var name: String?
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            rest = rest.dropFirst()
            name = quoted(until: first, &rest)
        } else {
            let digits = rest.prefix(while: \.isDigit)
            rest = rest[digits.endIndex...]
            let text = String(Substring(digits))
            if let index = Int(text), String(index) == text { name = text }
        }
        guard let name, rest.popFirst() == UInt8(ascii: "]") else { return nil }
        return name
    }

    private static func quoted(until quote: UInt8, _ rest: inout Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote { return String(decoding: bytes, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst(),
                escaped == quote || escaped == UInt8(ascii: "\\")
            else { return nil }
            bytes.append(escaped)
        }
        return nil
    }
}

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
