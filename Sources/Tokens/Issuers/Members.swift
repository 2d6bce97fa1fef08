internal import Core

/// What is wrong with one member of a file of issuers.
struct MemberFault: Error {
    let pointer: JSONPointer
    let sentence: String

    init(_ sentence: String, at pointer: JSONPointer = .root) {
        self.pointer = pointer
        self.sentence = sentence
    }

    func below(_ outer: JSONPointer) -> MemberFault { MemberFault(sentence, at: outer.appending(pointer)) }
}

/// The members of one object of the file.
struct Members {
    private let object: JSONObject

    /// - Throws: when it is no object, or has a member that is not known: a word that is misspelt would change who is let in.
    init(_ json: JSON, known: [String]) throws(MemberFault) {
        guard let object = json.object else { throw MemberFault("This must be an object, not \(json.typeName).") }
        for (key, _) in object.members where !known.contains(key) {
            throw MemberFault(
                "This member is not known; known are \(known.joined(separator: ", ")).", at: JSONPointer([key]))
        }
        self.object = object
    }

    subscript(key: String) -> JSON? { object[key] }

    /// What `read` makes of a member; nil when it is absent.
    func read<Value>(
        _ key: String, _ read: (JSON) throws(MemberFault) -> Value
    ) throws(MemberFault) -> Value? {
        guard let json = object[key] else { return nil }
        do throws(MemberFault) { return try read(json) } catch { throw error.below(JSONPointer([key])) }
    }

    /// The same for one that must be there.
    func require<Value>(
        _ key: String, _ read: (JSON) throws(MemberFault) -> Value
    ) throws(MemberFault) -> Value {
        if let value = try self.read(key, read) { return value }
        throw MemberFault("This member is required.", at: JSONPointer([key]))
    }

    static func text(_ json: JSON) throws(MemberFault) -> String {
        guard let text = json.string, !text.isEmpty else { throw MemberFault("This must be a text that is not empty.") }
        return text
    }

    static func flag(_ json: JSON) throws(MemberFault) -> Bool {
        guard let flag = json.bool else { throw MemberFault("This must be true or false.") }
        return flag
    }

    /// A text, or a list of texts; none of them twice.
    static func words(_ json: JSON) throws(MemberFault) -> [String] {
        let list: [JSON]
        switch json {
        case .string: list = [json]
        case .array(let elements): list = elements
        case .null, .bool, .number, .object: list = []
        }
        guard !list.isEmpty else { throw MemberFault("This must be a text, or a list of texts.") }
        var words: [String] = []
        for (index, element) in list.enumerated() {
            do throws(MemberFault) { words.append(try text(element)) } catch {
                throw json.array == nil ? error : error.below(JSONPointer().appending(index))
            }
        }
        guard Set(words).count == words.count else { throw MemberFault("One of these is there twice.") }
        return words
    }

    static func path(_ text: String, in folder: String) -> String { text.hasPrefix("/") ? text : folder + text }
}
