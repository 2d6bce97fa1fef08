// HTTP calls to participants.
extension DefinitionSchema {
    static var calls: [(String, JSONSchema)] {
        [
            ("call", call), ("participant", participant), ("completion", completion),
            ("path", path),
            (
                "statuses",
                .list(.integer(200...599)).with("uniqueItems", true).described("Statuses of answers, 200 to 599.")
            ),
        ]
    }

    /// Characters of a URL's path and query, and references.
    private static var path: JSONSchema {
        let reference = #"\$\{([^}'"]|'[^']*'|"[^"]*")*\}"#
        let other = #"[A-Za-z0-9/?:@!&'()*+,;=._~%-]|\$\$\{|\$"#
        return .text(1...2048, pattern: "^(/|\(reference)$)")
            .with(
                "allOf",
                [
                    ["pattern": .string("^(\(reference)|\(other))*$")],
                    ["not": ["pattern": #"^//|/\.\.?(/|\?|$)"#]],
                ]
            )
            .examples("/orders/${input.orderId}", "${steps.create.response.headers.location}")
    }

    /// Media types of bodies, in any case.
    private static var contentType: String {
        let (json, form) = (anyCase("json"), anyCase("x-www-form-urlencoded"))
        return "^ *(\(anyCase("application/"))(\(json)|\(form)|[^;]*\\+\(json)) *(;|$)|\(anyCase("text/"))[^;]+)"
    }

    /// Names of headers, but those that are set by HTTP and by the participant protocol.
    private static var headerName: JSON {
        let names = HeaderName.reserved.sorted().map(anyCase).joined(separator: "|")
        return [
            "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$",
            "not": ["pattern": .string("^((\(names))$|\(anyCase(HeaderName.reservedPrefix)))")],
        ]
    }

    private static var call: JSONSchema {
        var call = JSONSchema.object(callMembers, isClosed: true)
        call = call.described("An HTTP call to a participant.").examples([
            "participant": "payments", "path": "/charge", "body": ["amount": "${input.amount}"],
        ])
        return call.with(
            "allOf",
            [
                // A GET has no body.
                [
                    "if": ["properties": ["method": ["const": "GET"]], "required": ["method"]],
                    "then": ["properties": ["body": ["const": "none"]]],
                ],
                // What is called back says its output itself.
                [
                    "if": [
                        "properties": [
                            "completion": [
                                "anyOf": [["const": "callback"], ["required": ["callback"], "type": "object"]]
                            ]
                        ], "required": ["completion"],
                    ], "then": ["properties": ["output": false]],
                ],
                // Of more than is kept it has to be said what is kept.
                [
                    "if": [
                        "properties": [
                            "maxResponseBytes": ["exclusiveMinimum": JSON(CallDefinition.keptResponseBytes)]
                        ], "required": ["maxResponseBytes"],
                    ], "then": ["required": ["output"]],
                ],
            ])
    }

    private static var callMembers: JSONSchema.Members {
        [
            "participant": part("participant"),
            "path": part("path").described(
                "Follows the participant's base URL; what templates give is percent-encoded. Or one reference, whose value is a location that an answer gave."
            ),
            "method?": .word(CallDefinition.methods).defaulting(to: "POST").described("The method."),
            "query?": .map(parameter, 0...CallDefinition.maxParameters).with(
                "propertyNames", ["minLength": 1, "maxLength": 256]
            ).described("Parameters behind the path: texts, numbers, booleans, or lists of them."),
            "body?": part("template").described(
                "What is sent; \"none\" for nothing. Without it: the run's input, and nothing for GET and DELETE."),
            "contentType?": .text(1...128, pattern: contentType).described(
                "How the body is written: application/json or a type that ends in +json, application/x-www-form-urlencoded, or text."
            ).defaulting(to: "application/json"),
            "headers?": .map(
                .anyOf(
                    .text(pattern: #"^[^\u0000-\u001f\u007f]*$"#),
                    part("template").with("type", "object").with("required", [.string(Template.logicKey)])),
                0...32
            ).with("propertyNames", headerName).described(
                "Headers besides those of the protocol: names, and text templates or rules."),
            "timeout?": part("duration").described("Of one attempt, at most 1h.").defaulting(to: "10s"),
            "retry?": part("retry"),
            "succeedOn?": part("statuses").described("Statuses to treat as a success."),
            "retryOn?": part("statuses").described("Statuses to treat as: later."),
            "rejectOn?": part("statuses").described("Statuses to treat as a definite no: nothing was done."),
            "unknownOn?": part("statuses").described("Statuses after which nobody knows whether something was done."),
            "succeedWhen?": part("rule").described("What an answer must satisfy to be a success."),
            "retryWhen?": part("rule").described("An answer for which this holds means: later."),
            "rejectWhen?": part("rule").described("An answer for which this holds is a definite no."),
            "unknownWhen?": part("rule").described("After an answer for which this holds nobody knows."),
            "output?": part("template").described(
                "What of the answer becomes the step's output. Without it: its body."
            ).examples(["id": "${response.body.id}"]),
            "maxResponseBytes?": .integer(1...CallDefinition.maxResponseBytes).defaulting(
                to: JSON(CallDefinition.keptResponseBytes)
            ).described("Bytes of the answer's body that are read; more than 256 KiB only with an output."),
            "onUnreadable?": .word(CallDefinition.OnUnreadable.allCases.map(\.rawValue)).defaulting(to: "unknown")
                .described("What a success comes to that says it is JSON and can't be read."),
            "completion?": part("completion"),
        ]
    }

    private static var parameter: JSONSchema {
        part("template").with("type", ["string", "number", "boolean", "array", "object"])
            .with("if", ["type": "object"]).with("then", ["required": [.string(Template.logicKey)]])
    }

    private static var participant: JSONSchema {
        .anyOf(
            part("name"),
            .object(
                [
                    "oneOf": .list(part("name"), 1...32).with("uniqueItems", true),
                    "by": .text(pattern: "\\$\\{").described("The text that names one of them."),
                ], isClosed: true)
        ).described("Whom it calls, by its registered name; or one of several, chosen by a text.").examples(
            "payments", ["oneOf": ["dhl", "ups"], "by": "${input.carrier}"])
    }

    private static var completion: JSONSchema {
        let callback = JSONSchema.object(
            [
                "callback": .object(
                    [
                        "timeout?": part("duration").defaulting(to: "1d").described(
                            "For so long the end is waited for, 1s to 366d."),
                        "heartbeatTimeout?": part("duration").described(
                            "A sign of life is to come at least so often, 5s to 1d."),
                    ], isClosed: true)
            ], isClosed: true)
        let poll = JSONSchema.object(
            [
                "poll": .object(
                    [
                        "path": part("path").described("Where to look; it may name the answer that accepted the work."),
                        "every": part("duration").described("The time from one look to the next, 1s to 1h."),
                        "succeededWhen": part("rule").described("Over the answer to a look: the work is done."),
                        "failedWhen?": part("rule").described("The work has come to nothing; asked first."),
                        "timeout?": part("duration").defaulting(to: "1d").described(
                            "For so long the end is looked for, 1s to 366d."),
                    ], isClosed: true)
            ], isClosed: true)
        return .anyOf(.const("callback"), callback, poll).described(
            "An answer of 202 is no end: the participant tells it later, or is asked again and again.")
    }
}
