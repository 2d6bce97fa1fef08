internal import Basics

// Where the API is explained.
extension Paths {
    package var reference: String { base + "/reference" }
    /// What a definition may have.
    package var definitionReference: String { reference + "/workflow-schema" }
    /// What any route may refuse.
    package var problemReference: String { reference + "/problems" }

    /// The routes of one kind.
    package func reference(group slug: String) -> String { "\(reference)/\(PercentEncoding.segment(slug))" }
    package func reference(of operation: String, in slug: String) -> String {
        "\(reference(group: slug))#\(PercentEncoding.segment(operation))"
    }
    /// What is sent and answered under a name.
    package func reference(schema name: String) -> String { "\(reference)/schemas/\(PercentEncoding.segment(name))" }
}
