/// Which workflows somebody may have to do with: all, or those whose names match one of some patterns.
package enum WorkflowScope: Sendable, Hashable {
    case all
    case matching([WorkflowPattern])

    /// Patterns of one scope at most.
    package static let maxPatterns = 32

    /// As it is stored. What holds something that is no pattern matches nothing.
    ///
    /// - Parameter patterns: nil for all.
    package init(stored patterns: [String]?) {
        guard let patterns else {
            self = .all
            return
        }
        let known = patterns.compactMap { WorkflowPattern($0) }
        self = .matching(known.count == patterns.count ? known : [])
    }

    /// The patterns; nil for all.
    package var patterns: [WorkflowPattern]? {
        switch self {
        case .all: nil
        case .matching(let patterns): patterns
        }
    }

    /// Whether a workflow is there at all, as far as the caller can tell.
    ///
    /// - Parameter name: of a workflow, or of its runs: those that make its calls after the end are the workflow's, too.
    package func sees(_ name: String) -> Bool {
        switch self {
        case .all: return true
        case .matching(let patterns):
            let registered = WorkflowDefinition.registered(name) ?? name
            return patterns.contains { $0.matches(registered) }
        }
    }
}

/// What names of workflows are matched by: themselves, and `*` for any run of characters, also for none.
package struct WorkflowPattern: Sendable, Hashable {
    package let text: String

    package static let maxBytes = 128
    package static let rule =
        "1 to \(maxBytes) characters of a workflow's name (lower-case letters, digits and \"-\"), and \"*\" for any others"

    /// Nil for what no name could match but by mistake.
    package init?(_ text: String) {
        guard (1...Self.maxBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") || $0 == Self.any
            })
        else { return nil }
        self.text = text
    }

    private static let any = UInt8(ascii: "*")

    /// In the words of SQL's LIKE, whose own characters no pattern has.
    package var like: String { text.replacing("*", with: "%") }

    /// Goes back to the last `*` alone, so that it takes as many steps as both have characters together, multiplied.
    package func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.utf8), Array(name.utf8))
        var (at, place) = (0, 0)
        var star: (at: Int, place: Int)?
        while place < name.count {
            if at < pattern.count, pattern[at] == Self.any {
                star = (at, place)
                at += 1
            } else if at < pattern.count, pattern[at] == name[place] {
                (at, place) = (at + 1, place + 1)
            } else if let last = star {
                star = (last.at, last.place + 1)
                (at, place) = (last.at + 1, last.place + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == Self.any }
    }
}
