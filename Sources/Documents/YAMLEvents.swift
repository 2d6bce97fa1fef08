// The parser is libyaml, as Yams brings it along. Yams itself puts whole documents together, recursively and without a bound,
// and compares keys that may be aliases of aliases; so its events are taken here one by one.

internal import CYaml

/// The events of one YAML text, in order.
struct YAMLEvents: ~Copyable {
    /// What the parser saw.
    enum Event {
        /// - hasDirectives: other than `%YAML 1.2`.
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case streamEnd
        case alias
        case scalar(Scalar, Properties)
        case sequenceStart(Properties)
        case sequenceEnd
        case mappingStart(Properties)
        case mappingEnd
    }

    /// What stands before a node.
    struct Properties {
        let hasAnchor: Bool
        let hasTag: Bool
    }

    /// The text of a scalar.
    struct Scalar {
        let text: String
        /// Without quotes, and no block: its text decides what it is.
        let isPlain: Bool
        let holdsNull: Bool
        /// Of what stands for it, in Unicode scalars.
        let length: Int
    }

    private let text: YAMLText
    /// Of collections in one another, after which nothing is worth reading.
    private let depth: Int
    /// In place, as it points into itself.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// Lives as long as the parser reads it.
    private let input: UnsafeMutableBufferPointer<UInt8>
    /// Where the last event begins.
    private(set) var place = TextPlace(line: 1, column: 1)

    init(_ text: YAMLText, depth: Int) {
        self.text = text
        self.depth = depth
        parser = .allocate(capacity: 1)
        input = .allocate(capacity: text.bytes.count)
        _ = input.initialize(from: text.bytes)
        guard yaml_parser_initialize(parser) == 1 else { fatalError("no memory for a YAML parser") }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event, whatever begins the stream left out. Not to be called after an error or the stream's end.
    mutating func next() throws(YAMLError) -> Event {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            defer { yaml_event_delete(&event) }
            place = TextPlace(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
            if let read = Self.read(event) { return read }
        }
    }

    private static func read(_ event: yaml_event_t) -> Event? {
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            let start = event.data.document_start
            let version = start.version_directive?.pointee
            let isKnown = version.map { $0.major == 1 && $0.minor == 2 } ?? true
            return .documentStart(hasDirectives: !isKnown || start.tag_directives.start != start.tag_directives.end)
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_ALIAS_EVENT: return .alias
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            // The tag `!` of something in quotes is told by nothing else.
            let isUntagged = scalar.tag == nil && (isPlain || scalar.quoted_implicit == 1)
            return .scalar(
                Scalar(
                    text: String(decoding: bytes, as: UTF8.self), isPlain: isPlain, holdsNull: bytes.contains(0),
                    length: Int(event.end_mark.index) - Int(event.start_mark.index)),
                Properties(hasAnchor: scalar.anchor != nil, hasTag: !isUntagged))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(Properties(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(Properties(hasAnchor: start.anchor != nil, hasTag: start.tag != nil))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return nil
        }
    }

    private func failure() -> YAMLError {
        let state = parser.pointee
        if state.error == YAML_READER_ERROR {
            // Whether it is UTF-8 was asked before: what is left are characters that YAML doesn't have.
            return YAMLError(.controlCharacter, at: text.place(at: Int(state.problem_offset)))
        }
        if state.error == YAML_MEMORY_ERROR { fatalError("no memory for a YAML text") }
        // The parser looks ahead, and has a limit of its own that may be met before ours.
        if Int(state.flow_level) > depth { return YAMLError(.tooDeep(limit: depth), at: place) }
        let mark = state.problem_mark
        let clauses = [state.context, state.problem].compactMap { $0.map { String(cString: $0) } }
        return YAMLError(
            .syntax(clauses.joined(separator: ", ")),
            at: TextPlace(line: Int(mark.line) + 1, column: Int(mark.column) + 1))
    }
}
