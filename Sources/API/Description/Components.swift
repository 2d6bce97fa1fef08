import Core
import HTTPTypes

/// The schemas of what is sent and answered, by the names by which clients call them.
enum Components {
    static var all: [(String, JSONSchema)] {
        common + runs + statistics + requestBodies + workflows + administration + audit
    }

    /// One of them.
    static func schema(_ name: String) -> JSONSchema { .reference("#/components/schemas/\(name)") }

    // MARK: What many are made of

    static let time = JSONSchema.text(format: "date-time")
    static let runID = JSONSchema.text(format: "uuid")
    /// A tenant's id, or a correlation id.
    static let label = JSONSchema.text(pattern: "^[!-~]([ -~]{0,253}[!-~])?$").described(
        "\(ClientLabel.rule.prefix(1).uppercased() + ClientLabel.rule.dropFirst()).")
    static let tenantID = JSONSchema.text(pattern: "^([!-)+-~]|[!-~][ -~]{0,253}[!-~])$").described(
        "\(ClientLabel.tenantRule.prefix(1).uppercased() + ClientLabel.tenantRule.dropFirst()).")
    static let anyTenant = JSONSchema.text(pattern: "^[!-~]([ -~]{0,253}[!-~])?$").described(
        "A tenant's id, or \(TenantScope.allName) for what belongs to all.")
    /// Whose a definition or a participant is.
    static let owner = JSONSchema.text().described(
        "The tenant whose own it is, or \(Owner.sharedName) where all share it.")
    static let name = JSONSchema.text(pattern: DefinitionSchema.namePattern)
    static let stepID = JSONSchema.text(1...255)
    /// In bytes there may be fewer characters.
    static func reason(isNeeded: Bool) -> JSONSchema {
        .text(1...1000).described(
            isNeeded ? "Why; at most 1000 bytes." : "Why, for whoever asks later; at most 1000 bytes.")
    }
    static let cursor = JSONSchema.text().orNull.described("Where the next page begins; null on the last.")
    static let count = JSONSchema.integer(0 ... .max)
    static let payload = schema("Payload")

    /// A page of a list.
    static func page(of item: String, as name: String) -> JSONSchema {
        JSONSchema([
            "type": "object", "required": [.string(name), "nextCursor"],
            "properties": [name: JSONSchema.list(schema(item)).json, "nextCursor": cursor.json],
        ])
    }

    private static var common: [(String, JSONSchema)] {
        [
            ("Problem", problem),
            (
                "ProblemPlace",
                .object([
                    "pointer": .text().described("A JSON pointer into the body."), "detail": .text(),
                    "schema?": .text().described("The rule that is broken, as a JSON pointer into the definition."),
                ])
            ),
            (
                "Payload",
                JSONSchema.any.described(
                    "Any JSON that a client or a participant gave. For those who lack payloads:read it is {\"redacted\": true, \"bytes\": n}, or has {\"sensitive\": true} in places."
                )
            ),
            (
                "Redacted",
                JSONSchema.object(["redacted": .const(true), "bytes": count]).described(
                    "Stands for what the caller may not see.")
            ),
        ]
    }

    private static var problem: JSONSchema {
        JSONSchema.object([
            "type": .word(ProblemKind.allCases.map(\.type)).described("What kind of problem; stays the same for ever."),
            "title": .text().described("The same for every problem of its type."),
            "status": .integer(400...599),
            "detail": .text().described("One sentence."),
            "instance?": .text().described("The path that was asked for."),
            "errors?": .list(schema("ProblemPlace")).described("What is wrong where in the body."),
            "missing?": .list(.word("postgres", "schema", "redis")).described("What does not answer, of not-ready."),
        ]).described("Why a request is refused (RFC 9457).").examples(
            Problem.content(JSONPointer(["context"]), "This must be an object, not a number.").json(
                instance: "/v1/workflows/order/start"))
    }
}
