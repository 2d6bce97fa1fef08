/// What a definition names as sensitive: places in what its runs know whose values few are shown.
///
/// They are written as templates write them: `input.card.number`, `steps.charge.output.token`, `input.travellers.*.passport`; of the
/// run's own output, which no template names, `output.token`.
package struct SensitivePaths: Sendable, Hashable {
    /// What a path begins with.
    package enum Root: Sendable, Hashable {
        case input, context, output
        case step(String)
    }

    /// Paths of a definition at most.
    package static let maxPaths = 64

    private var paths: [Root: [[Reference.Element]]] = [:]

    init() {}

    /// None is named.
    package var isEmpty: Bool { paths.isEmpty }

    mutating func add(_ root: Root, _ path: [Reference.Element]) { paths[root, default: []].append(path) }

    /// What is masked in what has this root.
    package func mask(of root: Root) -> SensitiveMask { SensitiveMask(paths: paths[root] ?? []) }

    /// What is masked in the output of a step, or of an element of one.
    package func mask(ofStep stepID: String) -> SensitiveMask {
        guard let (step, element) = StepID.parts(stepID) else { return mask(of: .step(stepID)) }
        // The output of a step with a list is the list of its elements' outputs.
        return SensitiveMask(
            paths: (paths[.step(step)] ?? []).compactMap { path in
                switch path.first {
                case nil: []
                case .each, .name(String(element)): Array(path.dropFirst())
                case .name(let name): Int(name) == nil ? path : nil
                }
            })
    }

    /// What a template names is sensitive, or something in it is, or it is in something that is.
    func covers(_ reference: Reference) -> Bool {
        let root: Root
        switch reference.root {
        case .input: root = .input
        case .context: root = .context
        case .step(let step, .output): root = .step(step)
        case .step, .run, .attempt, .response, .payload, .item, .index: return false
        }
        return (paths[root] ?? []).contains { path in
            zip(path, reference.path).allSatisfy { $0 == $1 || $0 == .each || $1 == .each }
        }
    }
}

/// What is masked in one value.
package struct SensitiveMask: Sendable, Hashable {
    /// The ways to it; an empty one is to the value as a whole.
    private let paths: [[Reference.Element]]

    init(paths: [[Reference.Element]]) { self.paths = paths }

    /// Nothing is.
    package static let none = SensitiveMask(paths: [])

    package var isEmpty: Bool { paths.isEmpty }

    /// Both together.
    package func with(_ other: SensitiveMask) -> SensitiveMask { SensitiveMask(paths: paths + other.paths) }

    /// What stands in the place of a sensitive value. Not even its length is told.
    package static let mask: JSON = ["sensitive": true]

    /// The value with all that is sensitive in it masked; its other values and its form stay.
    package func applied(to value: JSON) -> JSON { Self.masked(value, paths[...]) }

    private static func masked(_ value: JSON, _ paths: some Collection<[Reference.Element]>) -> JSON {
        if paths.isEmpty { return value }
        if paths.contains(where: \.isEmpty) { return value.isNull ? value : mask }
        switch value {
        case .object(let object):
            return .object(
                JSONObject(
                    object.members.map { key, member in
                        (key: key, value: masked(member, paths.compactMap { rest(of: $0, after: key) }))
                    }))
        case .array(let elements):
            return .array(
                elements.enumerated().map { index, element in
                    masked(element, paths.compactMap { rest(of: $0, atIndex: index) })
                })
        case .null, .bool, .number, .string: return value
        }
    }

    /// `*` is meant for lists; of an object it is taken to mean every member.
    private static func rest(of path: [Reference.Element], after key: String) -> [Reference.Element]? {
        path.first == .each || path.first == .name(key) ? Array(path.dropFirst()) : nil
    }

    /// A name that is no index is looked for in every element: rather too much is masked than nothing.
    private static func rest(of path: [Reference.Element], atIndex index: Int) -> [Reference.Element]? {
        switch path.first {
        case .each, nil: return Array(path.dropFirst())
        case .name(let name):
            guard let number = Int(name) else { return path }
            return number == index ? Array(path.dropFirst()) : nil
        }
    }
}
