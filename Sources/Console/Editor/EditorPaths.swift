internal import Basics

// Where definitions are written.
extension Paths {
    /// A first definition.
    package var newDefinition: String { base + "/workflows/new" }
    /// What a text would be, for the page that is open.
    package var definitionCheck: String { base + "/definitions/check" }

    /// A version after this one.
    package func edit(_ name: String, _ version: String) -> String { registered(name, version) + "/edit" }

    /// The page of a version.
    package func registered(_ name: String, _ version: String) -> String {
        "\(base)/workflows/\(PercentEncoding.segment(name))/\(PercentEncoding.segment(version))"
    }
}
