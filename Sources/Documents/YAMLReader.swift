import Core

/// Puts a value together from the events of a text.
///
/// Recursive, with the depth checked on the way down.
struct YAMLReader: ~Copyable {
    private let limits: JSON.Limits
    private let keepsPlaces: Bool
    private var events: YAMLEvents

    init(_ text: YAMLText, limits: JSON.Limits, keepsPlaces: Bool) {
        self.limits = limits
        self.keepsPlaces = keepsPlaces
        events = YAMLEvents(text, depth: limits.depth)
    }

    mutating func document() throws(YAMLError) -> (JSON, PlaceTree?) {
        guard case .documentStart(let hasDirectives) = try events.next() else { throw error(.empty) }
        if hasDirectives { throw error(.directive) }
        let (json, places) = try value(try events.next(), depth: 0)
        _ = try events.next()  // the document's end
        guard case .streamEnd = try events.next() else { throw error(.severalDocuments) }
        return (json, places)
    }

    /// The value that begins with this event, the one that was read last.
    private mutating func value(
        _ event: YAMLEvents.Event, depth: Int
    ) throws(YAMLError) -> (JSON, PlaceTree?) {
        let places = keepsPlaces ? PlaceTree(place: events.place) : nil
        switch event {
        case .scalar(let scalar, let properties):
            try check(properties)
            return (try read(scalar), places)
        case .sequenceStart(let properties):
            try check(properties)
            return try array(depth: depth + 1, places)
        case .mappingStart(let properties):
            try check(properties)
            return try object(depth: depth + 1, places)
        case .alias: throw error(.alias)
        case .documentStart, .documentEnd, .streamEnd, .sequenceEnd, .mappingEnd:
            preconditionFailure("libyaml gives a node where there must be one")
        }
    }

    private mutating func array(depth: Int, _ given: PlaceTree?) throws(YAMLError) -> (JSON, PlaceTree?) {
        guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        var places = given
        var elements: [JSON] = []
        while true {
            let event = try next(inside: String(elements.count))
            if case .sequenceEnd = event { return (.array(elements), places) }
            let element: (JSON, PlaceTree?)
            do { element = try value(event, depth: depth) } catch { throw error.inside(String(elements.count)) }
            elements.append(element.0)
            if let place = element.1 { places?.elements.append(place) }
        }
    }

    private mutating func object(depth: Int, _ given: PlaceTree?) throws(YAMLError) -> (JSON, PlaceTree?) {
        guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        var places = given
        var members = JSONObject()
        while true {
            let event = try events.next()
            if case .mappingEnd = event { return (.object(members), places) }
            let place = events.place
            let key = try self.key(event)
            let member: (JSON, PlaceTree?)
            do { member = try value(try events.next(), depth: depth) } catch { throw error.inside(key) }
            guard members[key] == nil else { throw YAMLError(.duplicateKey, at: place).inside(key) }
            members[key] = member.0
            if let inner = member.1 {
                places?.members[key] = PlaceTree(place: place, members: inner.members, elements: inner.elements)
            }
        }
    }

    private func key(_ event: YAMLEvents.Event) throws(YAMLError) -> String {
        switch event {
        case .scalar(let scalar, let properties):
            try check(properties)
            if scalar.isPlain, scalar.text == "<<" { throw error(.mergeKey) }
            if scalar.holdsNull { throw error(.nullCharacter) }
            guard scalar.text.utf8.count <= limits.keyBytes else { throw error(.keyTooLong(limit: limits.keyBytes)) }
            return scalar.text
        case .alias: throw error(.alias)
        case .sequenceStart, .mappingStart: throw error(.keyNotScalar)
        case .documentStart, .documentEnd, .streamEnd, .sequenceEnd, .mappingEnd:
            preconditionFailure("libyaml gives a node where a key must be")
        }
    }

    private func read(_ scalar: YAMLEvents.Scalar) throws(YAMLError) -> JSON {
        if scalar.holdsNull { throw error(.nullCharacter) }
        guard scalar.isPlain else { return .string(scalar.text) }
        let value: JSON
        do throws(YAMLScalar.Refusal) { value = try YAMLScalar.value(ofPlain: scalar.text, limits: limits) } catch {
            throw self.error(error.kind)
        }
        // `! 7` is a text, and libyaml drops that tag: but what is no text is on one line, and as long as it looks.
        if value.string == nil, scalar.length != scalar.text.unicodeScalars.count { throw error(.tag) }
        return value
    }

    private func check(_ properties: YAMLEvents.Properties) throws(YAMLError) {
        if properties.hasAnchor { throw error(.anchor) }
        if properties.hasTag { throw error(.tag) }
    }

    private mutating func next(inside token: String) throws(YAMLError) -> YAMLEvents.Event {
        do { return try events.next() } catch { throw error.inside(token) }
    }

    /// An error where the last event begins.
    private func error(_ kind: YAMLError.Kind) -> YAMLError { YAMLError(kind, at: events.place) }
}
