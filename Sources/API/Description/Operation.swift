import Core
import HTTPTypes

// What the API says of itself. Routes say method, path, permission and rates; what else there is to say of each, in words and
// schemas, is an `Operation` of the same method and path, in one of the files `Operations+…`. `OpenAPIDocument` makes one document
// of both, so neither can be changed without the other: tests compare them, and send what is written here.
//
//   Operation, Parameter, Reply   what is said of a route
//   Operations+…                  of which route, by area         Components+…   the schemas of what is sent and answered
//   OpenAPIDocument               OpenAPI 3.1 of routes and operations
//   DescriptionRoutes             where it is shown, with the schema of definitions

/// What is to be said of one route.
struct Operation: Sendable {
    /// By what clients that are generated call it.
    let id: String
    let method: HTTPRequest.Method
    /// As the route has it.
    let path: String
    let tag: Tag
    /// A line.
    let summary: String
    /// What else there is to know, in Markdown.
    var details = ""
    /// Of the query, and headers; those of the path go by their names, see `PathVariable`.
    var parameters: [Parameter] = []
    var body: RequestContent?
    var replies: [Reply]
    /// What may be refused, beside what any route of the kind refuses.
    var problems: [ProblemKind] = []
    /// A permission that is asked for beside the route's.
    var alsoNeeds: [Permission] = []

    init(
        _ id: String, _ method: HTTPRequest.Method, _ path: String, _ tag: Tag, _ summary: String,
        _ details: String = "",
        parameters: [Parameter] = [], body: RequestContent? = nil, problems: [ProblemKind] = [],
        alsoNeeds: [Permission] = [], _ replies: Reply...
    ) {
        (self.id, self.method, self.path, self.tag, self.summary, self.details) =
            (id, method, path, tag, summary, details)
        (self.parameters, self.body, self.problems, self.alsoNeeds, self.replies) =
            (parameters, body, problems, alsoNeeds, replies)
    }

    /// All of them.
    static let all =
        starts + runs + statistics + requests + people + workflows + definitions + participants + keys + audit + health

    /// What routes are about.
    enum Tag: String, Sendable, CaseIterable {
        case starts = "Starts"
        case runs = "Runs"
        case statistics = "Statistics"
        case requests = "Requests to runs"
        case callbacks = "Callbacks"
        case workflows = "Workflows"
        case definitions = "Definitions"
        case participants = "Participants"
        case failed = "FAILED runs"
        case keys = "Keys and tenants"
        case audit = "Audit"
        case health = "Health"
        case description = "Description"

        var text: String {
            switch self {
            case .starts: "Runs are started, one or many."
            case .runs: "Runs as they stand, and their histories."
            case .statistics: "Numbers and groups over many runs."
            case .requests: "What can be asked of a run. The engine that holds it decides, with its next commit."
            case .callbacks: "Where participants tell the end of accepted work. The token is all that is asked for."
            case .workflows: "Registered workflows, for everybody to read."
            case .definitions: "Versions of workflows are registered, tried out, deprecated; starts are paused."
            case .participants: "The services that workflows call."
            case .failed: "Runs that wait for a person, because a compensation gave up."
            case .keys: "API keys, tenants, and the public keys with which calls are signed."
            case .audit: "Who changed what, who was refused, and reports of runs."
            case .health: "Whether the process is up, and can serve."
            case .description: "What the API says of itself."
            }
        }
    }
}

/// A parameter of the query, a header, or a variable of the path.
struct Parameter: Sendable {
    enum Place: String, Sendable { case query, header, path }

    let name: String
    let place: Place
    let schema: JSONSchema
    let text: String
    var isRequired = false

    static func query(
        _ name: String, _ schema: JSONSchema, _ text: String, isRequired: Bool = false
    ) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, text: text, isRequired: isRequired)
    }

    static func header(_ name: String, _ schema: JSONSchema, _ text: String) -> Parameter {
        Parameter(name: name, place: .header, schema: schema, text: text)
    }
}

/// What a request holds.
struct RequestContent: Sendable {
    /// Media types, and what each is.
    let contents: [(type: String, schema: JSONSchema)]
    var isRequired = true
    /// Requests as they are sent; with names where there are several.
    var examples: [(name: String, value: JSON)] = []

    static func json(_ schema: JSONSchema, isRequired: Bool = true, _ example: JSON? = nil) -> RequestContent {
        RequestContent(
            contents: [(BodyReader.json[0], schema)], isRequired: isRequired,
            examples: example.map { [("example", $0)] } ?? [])
    }
}

/// An answer that is no refusal.
struct Reply: Sendable {
    let status: Int
    let text: String
    /// Nil for no body.
    var schema: JSONSchema?
    var type = "application/json"
    /// Other forms of the same answer, for those who ask for them.
    var others: [(type: String, schema: JSONSchema)] = []
    var headers: [ReplyHeader] = []

    init(
        _ status: Int, _ text: String, _ schema: JSONSchema? = nil, type: String = "application/json",
        others: [(type: String, schema: JSONSchema)] = [], headers: [ReplyHeader] = []
    ) {
        (self.status, self.text, self.schema, self.type, self.others, self.headers) =
            (status, text, schema, type, others, headers)
    }
}

/// A header of answers that a client may want to read.
enum ReplyHeader: String, Sendable, CaseIterable {
    case location = "Location"
    case retryAfter = "Retry-After"
    case rateLimit = "RateLimit-Limit"
    case rateRemaining = "RateLimit-Remaining"
    case rateReset = "RateLimit-Reset"
    case replayed = "Idempotency-Replayed"
    case preferenceApplied = "Preference-Applied"
    case deprecation = "Deprecation"
    case requestID = "X-Request-Id"
    case challenge = "WWW-Authenticate"
    case etag = "ETag"
    case cacheControl = "Cache-Control"

    var text: String {
        switch self {
        case .location: "Where what was made, or asked, can be seen."
        case .retryAfter: "Seconds after which it is worth trying again."
        case .rateLimit: "Calls that are let through at once."
        case .rateRemaining: "Of these, those that are left."
        case .rateReset: "Seconds after which all of them are there again."
        case .replayed: "true: the same request came before, under the same key, and this is what came of it."
        case .preferenceApplied: "How long the answer waited at the most."
        case .deprecation: "Since when the version is deprecated (RFC 9745)."
        case .requestID: "What the audit calls the request: its own id, or a new one."
        case .challenge: "Which credential is asked for."
        case .etag: "Changes when the answer does."
        case .cacheControl: "For how long the answer may be kept."
        }
    }

    var schema: JSONSchema {
        switch self {
        case .retryAfter, .rateLimit, .rateRemaining, .rateReset: .integer(0 ... .max)
        case .replayed: .word("true")
        default: .text()
        }
    }
}
