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
        /// Of the signal that is looked at.
        case payload
        /// The entry of its list that an element stands for, under the name that its step gives it.
        case item(String)
        /// The place of that entry, from 0.
        case index
    }

    /// `run.…`
    package enum RunMember: String, Hashable, Sendable, CaseIterable {
        case id, workflow, version, startedAt, deadlineAt, status, cause, error
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
    ///
    /// - Parameter item: what an element's entry is called there; nil where there are no elements.
    package init?(_ text: String, item: String? = nil) {
        guard let elements = ReferenceParser.elements(of: text), case .name(let first) = elements[0] else { return nil }
        func name(_ index: Int) -> String? {
            guard elements.indices.contains(index), case .name(let name) = elements[index] else { return nil }
            return name
        }
        let second = name(1)
        switch first {
        case "input": self.init(.input, Array(elements.dropFirst()))
        case "context": self.init(.context, Array(elements.dropFirst()))
        case "payload": self.init(.payload, Array(elements.dropFirst()))
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
        case "index" where item != nil && elements.count == 1: self.init(.index)
        case item: self.init(.item(first), Array(elements.dropFirst()))
        default: return nil
        }
    }

    /// What an entry of a list may be called: a lower-case letter, and up to 31 letters, digits and underscores after it. What is
    /// the first word of other references is none.
    package static func isItemName(_ name: String) -> Bool {
        let reserved = [
            "input", "context", "run", "step", "steps", "response", "payload", "index", "secret", "secrets",
        ]
        return !reserved.contains(name) && name.utf8.count <= 32 && name.utf8.first?.isLowerAlphanumeric == true
            && name.utf8.first?.isDigit == false
            && name.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
    }

    /// The sentence that refuses what is none.
    package static func refusal(of text: String) -> String {
        """
        "\(text.prefix(80))" is no reference: input…, context…, run.id, run.startedAt and others of run, steps.ID.output…, \
        steps.ID.status and steps.ID.response… are, and where they make sense step.…, response.…, payload…, item… and index
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
        case .payload: text = "payload"
        case .item(let name): text = name
        case .index: text = "index"
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
