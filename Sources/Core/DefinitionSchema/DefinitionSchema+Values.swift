// What members of definitions hold: names, durations, templates, conditions, policies, schemas of inputs.
extension DefinitionSchema {
    private static let number = "(0|[1-9][0-9]*)"
    private static let identifier = "(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
    private static let version =
        "^\(number)\\.\(number)\\.\(number)(-\(identifier)(\\.\(identifier))*)?(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$"
    /// Also what the API calls a name.
    package static let namePattern = "^[a-z0-9][a-z0-9-]{0,62}$"
    package static let stepIDPattern = "^[a-z0-9][a-z0-9_-]{0,62}$"

    /// A semantic version.
    package static let versionSchema = JSONSchema.text(0...SemanticVersion.maxLength, pattern: version)

    static var values: [(String, JSONSchema)] {
        [
            (
                "name",
                .text(pattern: namePattern).described(Name.rule()).examples("order-processing")
            ),
            (
                "stepId",
                .text(pattern: stepIDPattern).described(Name.rule(underscores: true)).examples("charge-payment")
            ),
            (
                "version",
                versionSchema.described(
                    "A semantic version. It never changes once it is registered: what differs is a new version."
                ).examples("1.0.0")
            ),
            ("description", .text(0...1000).described("For people; at most 1000 bytes.")),
            (
                "duration",
                .text(pattern: "^[1-9][0-9]*(ms|s|m|h|d)$")
                    .described("A positive integer and one of ms, s, m, h, d.").examples(
                        "250ms", "10s", "5m", "1h", "2d")
            ),
            (
                "template",
                JSONSchema([
                    "description": .string(
                        "Any JSON. ${…} in its texts stands for values of the run: input, context, steps.ID.output, run.id. "
                            + "An object whose only member is \(Template.logicKey) is a rule in JsonLogic."),
                    "if": ["type": "object", "required": [.string(Template.logicKey)]],
                    "then": [
                        "maxProperties": 1, "properties": [Template.logicKey: part("rule").json],
                    ],
                    "else": [
                        "items": part("template").json, "additionalProperties": part("template").json,
                        "propertyNames": ["not": ["pattern": "\\$\\{"]],
                    ],
                ])
            ),
            (
                "textTemplate",
                .text().described("A text, in which ${…} stands for values of the run.").examples("${input.orderId}")
            ),
            ("sensitivePath", sensitivePath),
            ("rule", rule), ("retry", retry), ("policy", policy(isListed: false)),
            ("listedPolicy", policy(isListed: true)), ("failure", failure), ("inputSchema", inputSchema),
        ]
    }

    /// As a template names a value, without `${}`.
    private static var sensitivePath: JSONSchema {
        let quoted = #"'([^'\\]|\\.)*'|"([^"\\]|\\.)*""#
        let element = #"\.([A-Za-z0-9_-]+|\*)|\[([0-9]+|\#(quoted))\]"#
        let step = #"\.[a-z0-9][a-z0-9_-]*|\[(\#(quoted))\]"#
        return .text(pattern: "^(input|context|output|steps(\(step))\\.output)(\(element))*$")
            .described("A place in what runs know, written as in templates; * stands for every entry of a list.")
            .examples("input.card.number", "input.travellers.*.passport", "steps.charge.output.token", "output.token")
    }

    /// A pattern for a word in any case.
    static func anyCase(_ word: String) -> String {
        word.map { $0.isLetter ? "[\($0.lowercased())\($0.uppercased())]" : $0 == "." ? "\\." : "\($0)" }.joined()
    }

    // MARK: Conditions

    /// JsonLogic: an object of one member is an operation, and everything else is data.
    private static var rule: JSONSchema {
        let operators = Operator.allCases.map(\.rawValue)
        var operations = JSONObject()
        for symbol in Operator.allCases { operations[symbol.rawValue] = arguments(of: symbol).json }
        return JSONSchema([
            "description":
                "A condition in JsonLogic (jsonlogic.com), as in {\"==\": [{\"var\": \"input.kind\"}, \"gift\"]}.",
            "if": ["type": "object"],
            "then": [
                "anyOf": [
                    ["maxProperties": 0],
                    [
                        "minProperties": 1, "maxProperties": 1, "properties": .object(operations),
                        "additionalProperties": false,
                    ],
                    [
                        "minProperties": 2,
                        "propertyNames": ["not": ["enum": .array(operators.map { .string($0) })]],
                    ],
                ]
            ],
            "else": ["items": part("rule").json],
            "examples": [["==": [["var": "input.kind"], "gift"]], [">": [["var": "input.amount"], 100]]],
        ])
    }

    /// As many as an operator takes; a single one may stand without brackets.
    private static func arguments(of symbol: Operator) -> JSONSchema {
        let count = symbol.argumentCount
        var list: JSONObject = [:]
        if count.lowerBound > 0 { list["minItems"] = JSON(count.lowerBound) }
        if count.upperBound < .max { list["maxItems"] = JSON(count.upperBound) }
        let isBounded = !list.isEmpty
        list["type"] = "array"
        if count.contains(1), !isBounded { return part("rule") }
        let other: JSON = count.contains(1) ? ["not": ["type": "array"]] : false
        return part("rule").with("anyOf", [.object(list), other])
    }

    // MARK: Trying again

    private static var retry: JSONSchema {
        JSONSchema([
            "description":
                "How often and how far apart a call is attempted: one policy, or a list of which the first that fits counts.",
            "if": ["type": "array"],
            "then": ["minItems": 1, "maxItems": 16, "items": part("listedPolicy").json],
            "else": part("policy").json,
            "examples": [["maxAttempts": 5, "initialInterval": "200ms", "maxInterval": "10s"]],
        ])
    }

    private static func policy(isListed: Bool) -> JSONSchema {
        var schema = JSONSchema.object(policyMembers, isClosed: true)
        if isListed {
            var properties = schema.keywords["properties"] ?? [:]
            properties["on"] =
                JSONSchema([
                    "description": "What it is for; without it, everything.",
                    "if": ["type": "array"],
                    "then": ["minItems": 1, "maxItems": 16, "items": part("failure").json],
                    "else": part("failure").json,
                ]).json
            schema = schema.with("properties", properties)
        }
        return schema
    }

    private static var policyMembers: JSONSchema.Members {
        [
            "maxAttempts?": .anyOf(.integer(1...100), .const("unlimited")).described(
                "Attempts in all, the first included: 1 to 100, or \"unlimited\"."),
            "initialInterval?": part("duration").described("The wait after the first attempt, at most 1d."),
            "maxInterval?": part("duration").described("The wait at most, at most 1d."),
            "multiplier?": .number(1...10).described("What each wait is the previous one times."),
            "jitter?": .number(0...1).described("The share by which a wait may be shorter or longer."),
            "maxElapsed?": part("duration").described(
                "No attempt begins later than so long after the first, at most 30d."),
        ]
    }

    private static var failure: JSONSchema {
        .anyOf(
            .word([.busy, .unknown, .notSent].map { (outcome: Outcome) in outcome.rawValue }),
            .integer(200...599), part("rule").with("type", "object")
        ).described("An outcome, a status, or a condition over response.")
    }

    // MARK: The input contract

    /// A schema within the definition, as far as an editor needs to know: which keywords there are.
    private static var inputSchema: JSONSchema {
        let schema = part("inputSchema")
        let (list, map) = (JSONSchema.list(schema), JSONSchema.map(schema))
        var members = JSONObject()
        for name in ["allOf", "anyOf", "oneOf", "prefixItems"] { members[name] = list.json }
        for name in ["properties", "patternProperties", "dependentSchemas", "$defs"] { members[name] = map.json }
        for name in [
            "not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames",
            "unevaluatedItems", "unevaluatedProperties",
        ] { members[name] = schema.json }
        for name in ["multipleOf", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"] {
            members[name] = ["type": "number"]
        }
        for name in [
            "maxLength", "minLength", "minContains", "maxContains", "maxItems", "minItems", "maxProperties",
            "minProperties",
        ] { members[name] = ["type": "integer", "minimum": 0] }
        for name in ["pattern", "format", "$ref", "$schema", "$id", "title", "description", "$comment"] {
            members[name] = ["type": "string"]
        }
        for name in ["uniqueItems", "deprecated", "readOnly", "writeOnly"] { members[name] = ["type": "boolean"] }
        for name in ["enum", "required", "examples"] { members[name] = ["type": "array"] }
        for name in ["const", "default", "contentEncoding", "contentMediaType", "contentSchema"] {
            members[name] = true
        }
        members["dependentRequired"] = ["type": "object", "additionalProperties": ["type": "array"]]
        let types: JSON = [
            "enum": ["null", "boolean", "object", "array", "number", "string", "integer"]
        ]
        members["type"] = ["anyOf": [types, ["type": "array", "minItems": 1, "uniqueItems": true, "items": types]]]
        return JSONSchema([
            "description":
                "What the input has to be, as JSON Schema (2020-12): a start with another input is refused.",
            "type": ["object", "boolean"], "properties": .object(members), "additionalProperties": false,
            "examples": [["type": "object", "required": ["orderId"]]],
        ])
    }
}
