import Core

/// A call as somebody tries it out.
struct CurlCommand {
    let operation: APIReference.Operation
    /// Where the API is: `https://host`.
    let origin: String

    /// Lines for a shell.
    var text: String {
        var lines = ["curl \(isPlain ? "" : "-X \(operation.method) ")\(quoted(origin + path))"]
        if operation.permission != nil { lines.append(#"-H "X-Api-Key: $SAGAFLOW_KEY""#) }
        for parameter in operation.parameters where parameter.place == "header" && parameter.isRequired {
            lines.append("-H \(quoted("\(parameter.name): \(value(of: parameter))"))")
        }
        if let body = operation.body, let type = body.types.first {
            lines.append("-H \(quoted("Content-Type: \(type)"))")
            lines.append("--data \(quoted(body.examples.first.map { $0.value.string ?? $0.value.text } ?? "{}"))")
        }
        return lines.joined(separator: " \\\n  ")
    }

    /// What curl asks by itself.
    private var isPlain: Bool { operation.method == "GET" && operation.body == nil }

    private var path: String {
        var path = operation.path
        for parameter in operation.parameters where parameter.place == "path" {
            path = path.replacing("{\(parameter.name)}", with: value(of: parameter))
        }
        let query = operation.parameters.filter { $0.place == "query" && $0.isRequired }
        return Paths.query(path, query.map { ($0.name, value(of: $0)) })
    }

    /// An example of it, or its name in capitals: `RUN_ID`.
    private func value(of parameter: APIReference.Parameter) -> String {
        if let example = parameter.schema["examples"]?[0] { return example.string ?? example.text }
        return parameter.name.reduce(into: "") { name, letter in
            if letter.isUppercase { name += "_" }
            name += letter.uppercased()
        }
    }

    private func quoted(_ text: String) -> String { "'\(text.replacing("'", with: #"'\''"#))'" }
}
