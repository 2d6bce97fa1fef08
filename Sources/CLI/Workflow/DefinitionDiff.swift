import Core

/// What differs between two definitions, line by line.
///
/// Both are written alike, with the members in the order of the first, so that only content differs and no layout.
struct DefinitionDiff {
    /// A line of either or of both.
    enum Line: Equatable {
        case same(String)
        case removed(String)
        case added(String)
    }

    let lines: [Line]

    /// Lines around a change that are shown with it.
    private static let context = 3

    var isEmpty: Bool { lines.allSatisfy { if case .same = $0 { true } else { false } } }

    init(_ before: JSON, _ after: JSON) {
        let (old, new) = (PrettyJSON.lines(before), PrettyJSON.lines(Self.ordered(after, as: before)))
        let difference = new.difference(from: old)
        let removed = Set(difference.removals.map(\.place)), added = Set(difference.insertions.map(\.place))
        var lines: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left), left < old.count {
                lines.append(.removed(old[left]))
                left += 1
            } else if added.contains(right), right < new.count {
                lines.append(.added(new[right]))
                right += 1
            } else {
                lines.append(.same(old[left]))
                left += 1
                right += 1
            }
        }
        self.lines = lines
    }

    /// The changes with the lines around them, and what is left out.
    func text(_ paint: Paint) -> String {
        let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
        var shown: [String] = []
        var last = -1
        for (place, line) in lines.enumerated() where changed.contains(where: { abs($0 - place) <= Self.context }) {
            if place > last + 1 { shown.append(paint.dim("  …")) }
            last = place
            switch line {
            case .same(let text): shown.append("  " + text)
            case .removed(let text): shown.append(paint.red("- " + text))
            case .added(let text): shown.append(paint.green("+ " + text))
            }
        }
        if !shown.isEmpty, last < lines.count - 1 { shown.append(paint.dim("  …")) }
        return shown.joined(separator: "\n")
    }

    /// `[{change: "removed" or "added", line}]`, without what is the same.
    var json: [JSON] {
        lines.compactMap { line in
            switch line {
            case .same: nil
            case .removed(let text): ["change": "removed", "line": .string(text)]
            case .added(let text): ["change": "added", "line": .string(text)]
            }
        }
    }

    /// The same value, its members in the order that another has. Elements with an `id` are those with the same `id`.
    static func ordered(_ json: JSON, as other: JSON) -> JSON {
        switch (json, other) {
        case (.object(let object), .object(let model)):
            var result = JSONObject()
            for (key, value) in model.members {
                if let own = object[key] { result[key] = ordered(own, as: value) }
            }
            for (key, value) in object.members where result[key] == nil { result[key] = value }
            return .object(result)
        case (.array(let elements), .array(let models)):
            return .array(
                elements.enumerated().map { index, element in
                    let same = element["id"].flatMap { id in models.first { $0["id"] == id } }
                    let model: JSON? = same ?? (models.indices.contains(index) ? .some(models[index]) : .none)
                    return model.map { ordered(element, as: $0) } ?? element
                })
        default: return json
        }
    }
}

extension CollectionDifference.Change {
    /// In the collection it is removed from or added to.
    fileprivate var place: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
