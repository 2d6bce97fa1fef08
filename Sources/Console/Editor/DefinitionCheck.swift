package import Core

/// What a text that somebody writes would be as a definition: as far as it can be read, what is wrong with it, and what
/// registering it would do.
package struct DefinitionCheck: Sendable {
    /// What is to be said of one place.
    package struct Remark: Sendable, Hashable {
        package let severity: Finding.Severity
        /// Which rule says so; nil for what is no definition at all.
        package let rule: String?
        /// In the value; empty for the whole.
        package let pointer: String
        package let detail: String
        /// In the text, from 1; nil where that is not known.
        package let line: Int?
        package let column: Int?

        package init(
            _ severity: Finding.Severity, rule: String?, pointer: String, detail: String, line: Int?, column: Int?
        ) {
            (self.severity, self.rule, self.pointer) = (severity, rule, pointer)
            (self.detail, self.line, self.column) = (detail, line, column)
        }
    }

    /// What registering it would do.
    package enum Standing: Sendable, Hashable {
        /// It is neither JSON nor YAML, or more than is taken.
        case unreadable
        /// It breaks rules.
        case refused
        /// It becomes a version.
        case new
        /// It is registered, with this very content.
        case same
        /// Its version is registered with other content; `next` is free.
        case taken(next: String?)
        /// Its rules hold, and what is registered was not looked at.
        case unknown
    }

    package var isJSON: Bool
    package var standing: Standing
    /// What could not be asked, and why: a sentence.
    package var trouble: String?
    package var remarks: [Remark]
    /// Nil where it can't be drawn.
    package var definition: WorkflowDefinition?
    /// What it is compared with.
    package var base: WorkflowDefinition?
    /// On which line each step begins, by its id.
    package var stepLines: [(id: String, line: Int)]

    package init(isJSON: Bool, _ standing: Standing, _ remarks: [Remark] = [], trouble: String? = nil) {
        (self.isJSON, self.standing, self.remarks, self.trouble) = (isJSON, standing, remarks, trouble)
        stepLines = []
    }

    /// `order 1.0.1`; nil for what has no name.
    var title: String? { definition.map { "\($0.name) \($0.versionText)" } }

    func count(_ severity: Finding.Severity) -> Int { remarks.count { $0.severity == severity } }
}

/// Which version comes after one that is taken.
package enum NextVersion {
    /// The next patch that is free; of a prerelease its release, if that is free. Nil where numbers end.
    package static func after(_ version: SemanticVersion, taken: some Sequence<SemanticVersion>) -> String? {
        let line = taken.filter { $0.isRelease && $0.major == version.major && $0.minor == version.minor }
        if !version.isRelease, !line.contains(where: { $0.patch >= version.patch }) {
            return "\(version.major).\(version.minor).\(version.patch)"
        }
        let last = max(version.patch, line.map(\.patch).max() ?? 0)
        return last < .max ? "\(version.major).\(version.minor).\(last + 1)" : nil
    }
}
