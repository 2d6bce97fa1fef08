// How a definition refers to what a run knows. `${path}` in the strings of a body, a path or a header is read once, at
// registration, into references and constants; rendering is then a walk that copies only what varies. Templates cannot fail in
// more ways than TemplateError lists; what computes in them is JsonLogic, bounded as conditions are.

/// Any JSON with `${…}` in its strings, and JsonLogic in objects whose only member is `$logic`.
///
/// A string that is nothing but one `${…}` becomes the value itself, type kept, `null` when missing. Inside a longer
/// string the value is interpolated: strings as they are, numbers as written, booleans; anything else is an error.
/// `$${` stands for a literal `${`. Keys of objects hold no references. `${path?}`, or `${path ?? omit}`, leaves out the member
/// or element whose string it is in when it has no value; `${path ?? "text"}` has a value then.
package struct Template: Sendable {
    /// References in one template at most: more would be a program.
    package static let maxReferences = 256
    /// Bytes that one template is rendered to at most, as compact JSON: several payloads of the size that a start or an
    /// answer may have, and not hundreds.
    package static let maxBytes = 4 << 20
    /// Operations of all `$logic` in one template at most, each time it is rendered: some 30 ms at worst, on an event loop.
    package static let maxOperations = 50_000
    /// The only member of an object that is JsonLogic.
    package static let logicKey = "$logic"

    /// Every reference with its place in the template, in the order of the text.
    package let uses: [ReferenceUse]

    private let root: Node
    /// The secrets that its rules name.
    package let secrets: Set<String>

    /// Reads the references of `json`; the error's pointer is relative to it.
    ///
    /// - Parameter item: see `Reference`.
    package init(_ json: JSON, item: String? = nil) throws(TemplateError) {
        var uses: [ReferenceUse] = []
        var secrets: Set<String> = []
        root = try Node(json, at: .root, item, &uses, &secrets)
        self.secrets = secrets
        guard uses.count <= Self.maxReferences else {
            throw TemplateError(.tooManyReferences(limit: Self.maxReferences), pointer: .root)
        }
        self.uses = uses
    }

    /// The distinct references, in the order of the text.
    package var references: [Reference] {
        var seen: Set<Reference> = []
        return uses.map(\.reference).filter { seen.insert($0).inserted }
    }

    /// The JSON with every reference replaced by its value in `scope`.
    ///
    /// - Throws: `TemplateError` with the place in the template when a value inside a longer string is missing or no text,
    ///   and when its text is larger than `maxBytes`.
    package func render(_ scope: some Scope) throws(TemplateError) -> JSON {
        // Values are shared by all places that name them; only as text do they multiply.
        if !uses.isEmpty { _ = try bytes(scope) }
        var effort = Effort.ofTemplate
        return try root.render(scope, &effort)
    }

    /// All of it is left out, for want of a value.
    package func isLeftOut(_ scope: some Scope) -> Bool { root.isLeftOut(scope) }

    /// It is a constant null.
    var isNull: Bool { root.constantValue?.isNull ?? false }

    /// The compact text of what `render` gives, put together as such. What would be larger than `maxBytes` is given up
    /// with the value that is too much.
    package func bytes(_ scope: some Scope) throws(TemplateError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        var effort = Effort.ofTemplate
        try root.encode(scope, into: &bytes, &effort)
        return bytes
    }

    /// A template, read.
    indirect enum Node: Sendable {
        /// A part without references, taken as it is.
        case constant(JSON)
        case value(Choice, at: JSONPointer)
        case logic(Condition, at: JSONPointer)
        case text(TextTemplate, at: JSONPointer)
        /// What is left out, with the member or element it is, when the text is.
        case optional(TextTemplate, Node)
        case array([Node])
        /// The members, with `null` in the place of those that vary; and those, by position.
        case object(JSONObject, varying: [(index: Int, node: Node)])

        init(
            _ json: JSON, at pointer: JSONPointer, _ item: String?, _ uses: inout [ReferenceUse],
            _ secrets: inout Set<String>
        ) throws(TemplateError) {
            switch json {
            case .null, .bool, .number: self = .constant(json)
            case .string(let string):
                let text = try TextTemplate(string, at: pointer, item: item)
                uses += text.uses(at: pointer)
                if let constant = text.constant {
                    self = .constant(.string(constant))
                } else {
                    let node = text.wholeChoice.map { Node.value($0, at: pointer) } ?? .text(text, at: pointer)
                    self = text.optionals.isEmpty ? node : .optional(text, node)
                }
            case .array(let elements):
                var nodes: [Node] = []
                for (index, element) in elements.enumerated() {
                    nodes.append(try Node(element, at: pointer.appending(index), item, &uses, &secrets))
                }
                let constants = nodes.compactMap(\.constantValue)
                self = constants.count == nodes.count ? .constant(.array(constants)) : .array(nodes)
            case .object(let object) where object.members.contains { $0.key == Template.logicKey }:
                self = try Self.logic(object, at: pointer, item, &uses, &secrets)
            case .object(let object):
                var prototype = JSONObject()
                var varying: [(index: Int, node: Node)] = []
                for (index, member) in object.members.enumerated() {
                    let place = pointer.appending(member.key)
                    if TextTemplate.mentionsReference(member.key) {
                        throw TemplateError(.referenceInKey, pointer: place)
                    }
                    let node = try Node(member.value, at: place, item, &uses, &secrets)
                    prototype.append(member.key, node.constantValue ?? .null)
                    if !node.isConstant { varying.append((index, node)) }
                }
                self = varying.isEmpty ? .constant(.object(prototype)) : .object(prototype, varying: varying)
            }
        }

        private static func logic(
            _ object: JSONObject, at pointer: JSONPointer, _ item: String?, _ uses: inout [ReferenceUse],
            _ secrets: inout Set<String>
        ) throws(TemplateError) -> Node {
            let place = pointer.appending(Template.logicKey)
            guard object.count == 1, let json = object[Template.logicKey] else {
                throw TemplateError(.logicBesideOthers, pointer: pointer)
            }
            do {
                let rule = try Condition(json, item: item)
                uses += rule.uses.map { $0.below(place) }
                secrets.formUnion(rule.secrets)
                return .logic(rule, at: pointer)
            } catch {
                throw TemplateError(.logicRefused(error.message), pointer: place.appending(error.pointer))
            }
        }

        var constantValue: JSON? {
            if case .constant(let value) = self { value } else { nil }
        }

        var isConstant: Bool { constantValue != nil }
    }
}
