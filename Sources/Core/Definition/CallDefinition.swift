/// One HTTP call to a participant, defaults and inheritance applied. A class for the same reason as `WorkflowDefinition`.
package final class CallDefinition: Sendable {
    /// The methods a definition may use.
    package static let methods = ["POST", "PUT", "PATCH", "DELETE", "GET"]
    /// Bytes of an answer's body that become an output at most, and that are read unless `maxResponseBytes` says more.
    package static let keptResponseBytes = 256 << 10
    /// What `maxResponseBytes` may say.
    package static let maxResponseBytes = 4 << 20
    /// Parameters of `query` at most.
    package static let maxParameters = 32

    /// The registered name of the participant, or how it is chosen; its host is not the definition's business.
    package let participant: ParticipantChoice
    /// One of `methods`.
    package let method: String
    package let path: PathTemplate
    /// Parameters behind the path, in the order written: text, or a list of texts. Null is an error unless it is left out.
    package let query: [(name: String, value: Template)]
    /// What is sent.
    package let body: Body
    /// Headers besides those the protocol sets, in the order written; names are valid tokens, unique in any case.
    package let headers: [(name: String, value: HeaderTemplate)]
    /// From connecting to the end of the answer; at most an hour.
    package let timeout: Duration
    package let retry: RetryRules
    /// What the answer means, as far as the definition says so.
    package let judgement: Judgement
    /// What becomes the output, made of the answer; nil is its body.
    package let output: Template?
    /// Bytes of an answer's body that are read at most.
    package let maxResponseBytes: Int
    /// Headers of the answer that something names, in lower case.
    package let wantedHeaders: [String]
    /// How it comes to its end when it is answered 202; nil: that is its end.
    package let completion: CompletionDefinition?

    /// What a call sends.
    package struct Body: Sendable {
        package enum Content: Sendable {
            /// The run's input.
            case input
            case nothing
            case template(Template)
        }

        /// How the content is written.
        package enum Form: Sendable { case json, form, text }

        package let content: Content
        package let form: Form
        /// The `Content-Type` it is sent with.
        package let contentType: String
    }

    /// The values of `onUnreadable`.
    package enum OnUnreadable: String, Sendable, CaseIterable {
        /// `unknown`: it may have had its effect, and nothing is built from it.
        case unknown
        /// Its text is the output.
        case text
    }

    init(
        participant: ParticipantChoice, method: String, path: PathTemplate, query: [(name: String, value: Template)],
        body: Body, headers: [(name: String, value: HeaderTemplate)], timeout: Duration, retry: RetryRules,
        judgement: Judgement, output: Template?, maxResponseBytes: Int, wantedHeaders: [String],
        completion: CompletionDefinition? = nil
    ) {
        self.participant = participant
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers
        self.timeout = timeout
        self.retry = retry
        self.judgement = judgement
        self.output = output
        self.maxResponseBytes = maxResponseBytes
        self.wantedHeaders = wantedHeaders
        self.completion = completion
    }

    /// Everything that what it sends names, repetitions included.
    package var references: [Reference] { sentUses.map(\.reference) }

    /// What it sends names these, with their places in the call.
    package var sentUses: [ReferenceUse] {
        var uses = participant.uses
        uses += path.uses.map { $0.below(JSONPointer(["path"])) }
        for (name, value) in query { uses += value.uses.map { $0.below(JSONPointer(["query", name])) } }
        if case .template(let template) = body.content {
            uses += template.uses.map { $0.below(JSONPointer(["body"])) }
        }
        for (name, value) in headers { uses += value.uses.map { $0.below(JSONPointer(["headers", name])) } }
        return uses
    }

    /// What is made of its answer names these.
    package var answerUses: [ReferenceUse] {
        var uses = judgement.uses + retry.uses + (completion?.poll?.uses ?? [])
        if let output {
            uses += output.uses.map { $0.below(JSONPointer(["output"])) }
        }
        return uses
    }

    /// The secrets that what it sends needs.
    package var secrets: Set<String> {
        var secrets = query.reduce(into: Set<String>()) { $0.formUnion($1.value.secrets) }
        if case .template(let template) = body.content { secrets.formUnion(template.secrets) }
        for (_, value) in headers { secrets.formUnion(value.secrets) }
        return secrets
    }

    /// Something but its status and body decides what the answer means or comes to.
    package var readsContent: Bool {
        !judgement.rules.isEmpty || output != nil || retry.readsContent || completion?.poll != nil
    }

    /// The timeout of a call when neither it nor its step has one.
    package static let defaultTimeout = Duration.seconds(10)
}

/// Which participant a call goes to.
package enum ParticipantChoice: Sendable {
    case named(String)
    /// One of these, which the text names.
    case oneOf([String], by: TextTemplate)

    /// All that it may be.
    package var names: [String] {
        switch self {
        case .named(let name): [name]
        case .oneOf(let names, by: _): names
        }
    }

    /// The name, when there is nothing to choose.
    package var only: String? {
        if case .named(let name) = self { name } else { nil }
    }

    package var references: [Reference] { uses.map(\.reference) }

    var uses: [ReferenceUse] {
        switch self {
        case .named: []
        case .oneOf(_, let by): by.uses(at: JSONPointer(["participant", "by"]))
        }
    }

    /// The name for one call.
    package func name(_ scope: some Scope) throws(TemplateError) -> String {
        switch self {
        case .named(let name): return name
        case .oneOf(let names, let by):
            let place = JSONPointer(["participant", "by"])
            let name = try by.render(scope, at: place)
            guard names.contains(name) else { throw TemplateError(.notChoosable(names), pointer: place) }
            return name
        }
    }
}
