/// Why a template was refused at registration, or could not be rendered.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed list of reasons.
    package enum Kind: Error, Hashable, Sendable {
        // Seen at registration.
        case unterminated
        case invalidReference(String)
        case referenceInKey
        case tooManyReferences(limit: Int)
        case pathNotAbsolute
        case pathCharacter
        case dotSegment
        case optionalSegment
        case logicBesideOthers
        case logicRefused(String)
        // Seen when rendering.
        case missing(Reference)
        /// The step was answered with a success that could not be read.
        case unreadAnswer(Reference, step: String)
        case notText(Reference, String)
        case emptySegment
        case headerCharacter
        case tooLong(limit: Int)
        case tooLarge(limit: Int)
        case logicTooCostly(limit: Int)
        case logicTooDeep
        case logicNoNumber
        case logicNoText(String)
        case noSecret(String)
        case notChoosable([String])
        case elsewhere
        case notForm(String)
    }

    package let kind: Kind
    /// The place in the template; in the definition, once `below` has said where the template is.
    package let pointer: JSONPointer

    package init(_ kind: Kind, pointer: JSONPointer) {
        self.kind = kind
        self.pointer = pointer
    }

    /// The same error in a document that holds the template at `place`.
    package func below(_ place: JSONPointer) -> TemplateError {
        TemplateError(kind, pointer: place.appending(pointer))
    }

    /// A sentence; it names references, never values.
    package var message: String {
        switch kind {
        case .unterminated: "A \"${\" has no \"}\"."
        case .invalidReference(let path):
            Reference.refusal(of: path)
        case .referenceInKey: "Keys of objects cannot hold references."
        case .tooManyReferences(let limit): "A template holds at most \(limit) references."
        case .pathNotAbsolute: "A path begins with one \"/\" and names no host."
        case .pathCharacter: "A path holds only characters that a URL's path and query may have."
        case .dotSegment: "A path has no segment \".\" or \"..\"."
        case .optionalSegment: "Of a path only parameters of the query can be left out."
        case .logicBesideOthers: "\"\(Template.logicKey)\" is the only member of its object."
        case .logicRefused(let reason): reason
        case .missing(let reference): "\(reference) has no value."
        case .unreadAnswer(let reference, let step):
            "It needs \(reference), and the answer of \(step) could not be read."
        case .notText(let reference, let type): "\(reference) is \(type) and cannot be part of a text."
        case .emptySegment: "A value leaves a segment of the path empty."
        case .headerCharacter: "A header holds only printable ASCII characters."
        case .tooLong(let limit): "The text is longer than \(limit) bytes."
        case .tooLarge(let limit): "What the template makes of these values is larger than \(limit) bytes."
        case .logicTooCostly(let limit): "With these values its rules take more than \(limit) operations."
        case .logicTooDeep: "With these values a rule comes to more than \(Condition.maxLevels) levels."
        case .logicNoNumber: "With these values a rule comes to a number that JSON has not."
        case .logicNoText(let type): "With these values a rule comes to \(type), and cannot be a text."
        case .noSecret(let name): "The engine has no secret \(name)."
        case .notChoosable(let choices):
            "With these values the participant would be none that it may be: \(choices.joined(separator: ", "))."
        case .elsewhere: "The location is not below the participant's base URL."
        case .notForm(let reason): "The body can't be sent as it is declared: \(reason)"
        }
    }

    package var description: String { pointer == .root ? message : "\(message) (at \(pointer))" }
}
