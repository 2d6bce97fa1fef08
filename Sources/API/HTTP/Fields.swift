import Core

/// Reads the members of a request's object and collects what is wrong with them.
struct Fields {
    private let object: JSONObject
    private var places: [Problem.Place] = []

    /// - Throws: `invalidContent` when it is no object.
    init(_ json: JSON, known: [String]) throws(Problem) {
        guard let object = json.object else {
            throw .content(.root, "The body must be an object, not \(json.typeName).")
        }
        self.object = object
        for (key, _) in object.members where !known.contains(key) {
            if places.count == 20 { break }
            let list = known.joined(separator: ", ")
            refuse(JSONPointer([key]), "This member is not known; known are \(list).")
        }
    }

    mutating func refuse(_ pointer: JSONPointer, _ detail: String) {
        places.append(Problem.Place(pointer: pointer, detail: detail))
    }

    /// The member as it is; nil when it is absent.
    subscript(key: String) -> JSON? { object[key] }

    /// The member when it is there and a string of 1 to `maxBytes` bytes; anything else but absence is noted.
    mutating func string(_ key: String, maxBytes: Int) -> String? {
        object[key].flatMap { string($0, at: JSONPointer([key]), maxBytes: maxBytes) }
    }

    /// The same for a value that lies deeper.
    mutating func string(_ json: JSON, at pointer: JSONPointer, maxBytes: Int) -> String? {
        guard let text = json.string else {
            refuse(pointer, "This must be a string, not \(json.typeName).")
            return nil
        }
        guard (1...maxBytes).contains(text.utf8.count) else {
            refuse(pointer, "This must have 1 to \(maxBytes) bytes.")
            return nil
        }
        return text
    }

    /// The member when it is there and a whole number in `range`; anything else but absence is noted.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let json = object[key] else { return nil }
        if let value = json.whole, range.contains(value) { return value }
        refuse(JSONPointer([key]), "This must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        return nil
    }

    /// The member when it is there and true or false; anything else but absence is noted.
    mutating func flag(_ key: String) -> Bool? {
        guard let json = object[key] else { return nil }
        if case .bool(let value) = json { return value }
        refuse(JSONPointer([key]), "This must be true or false, not \(json.typeName).")
        return nil
    }

    /// The member when it is there and a time of RFC 3339; anything else but absence is noted.
    mutating func time(_ key: String) -> Instant? {
        guard let text = string(key, maxBytes: 64) else { return nil }
        if let time = Instant(text) { return time }
        refuse(JSONPointer([key]), "This must be a date-time of RFC 3339, as in 2025-01-31T12:00:00Z.")
        return nil
    }

    /// - Throws: `invalidContent` with everything that was noted.
    func check() throws(Problem) {
        guard let first = places.first else { return }
        throw Problem(.invalidContent, first.detail, places: places)
    }
}
