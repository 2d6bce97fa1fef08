import Core

/// Variables of paths: what each names, by its name and the path it stands in.
enum PathVariable {
    /// The parameters of a path, in its order.
    static func parameters(of path: String) -> [Parameter] {
        let parts = path.split(separator: "/")
        return parts.enumerated().filter { $0.element.hasPrefix(":") }.map { index, part in
            parameter(String(part.dropFirst()), after: index > 0 ? parts[index - 1] : "")
        }
    }

    private static func parameter(_ name: String, after folder: Substring) -> Parameter {
        let (schema, text) = meaning(of: name, after: folder)
        return Parameter(name: name, place: .path, schema: schema, text: text, isRequired: true)
    }

    private static func meaning(of name: String, after folder: Substring) -> (JSONSchema, String) {
        switch (name, folder) {
        case ("name", "participants"):
            (.text(pattern: DefinitionSchema.namePattern).examples("payments"), "The participant's name.")
        case ("name", "signals"):
            (.text(pattern: DefinitionSchema.stepIDPattern).examples("approval"), "The signal's name.")
        case ("name", _): (.text(pattern: DefinitionSchema.namePattern).examples("order"), "The workflow's name.")
        case ("version", _): (DefinitionSchema.versionSchema.examples("1.0.0"), "A version of the workflow.")
        case ("runId", _): (.text(format: "uuid"), "The run's id.")
        case ("stepId", _):
            (
                .text(pattern: "^[a-z0-9][a-z0-9_-]{0,62}(\\[(0|[1-9][0-9]{0,3})\\])?$").examples("charge"),
                "The step's id, or that of an element of a list, as ship[3]."
            )
        case ("keyId", _): (.text(pattern: "^[0-9a-f]{16}$"), "The key's id, which is no secret.")
        case ("tenantId", _): (Components.tenantID.examples("acme"), "The tenant's id.")
        case ("token", _):
            (.text(1...512, pattern: "^[A-Za-z0-9_.~-]+$"), "As it was given to the participant with the call.")
        default: (.text(), "")
        }
    }
}
