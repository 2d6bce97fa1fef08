import Core
import HTTPServer
import HTTPTypes
import NIOCore
import NIOHTTP1
import Postgres
import Storage

/// What the errors of the modules below mean to a client. The only place where that is decided.
extension Problem {
    init(_ error: StoreError) {
        switch error {
        case .overloaded:
            self.init(.overloaded, "Nothing was written. Try again later.", headers: Self.retryAfter(1))
        case .shuttingDown:
            self.init(.overloaded, "This process is about to end. Try again.", headers: Self.retryAfter(1))
        case .unavailable(.decoding):
            self.init(.internalError, "What is stored could not be read. Whether anything was written is unknown.")
        case .unavailable:
            self.init(
                .databaseUnavailable,
                "Whether anything was written is unknown. Repeat a start under the same Idempotency-Key.",
                headers: Self.retryAfter(2))
        case .refused:
            self.init(.invalidContent, "The database can't hold this content.")
        }
    }

    init(_ error: DefinitionProblem) {
        switch error {
        case .unknown: self.init(.unknownWorkflow, "No workflow of this name and version is registered.")
        case .onlyDeprecated:
            self.init(.onlyDeprecated, "Name a version to start one of the deprecated releases all the same.")
        case .unreadable: self.init(.internalError, "The stored definition could not be read.")
        case .store(let error): self.init(error)
        }
    }

    init(_ error: DefinitionErrors) {
        self.init(
            .invalidContent, "The definition breaks \(error.errors.count) rule(s).",
            places: error.errors.map { Place(pointer: $0.pointer, detail: $0.detail) })
    }

    init(_ error: JSONError) {
        self.init(
            error.isSyntax ? .malformedJSON : .invalidContent, "\(error.message) (byte \(error.offset))",
            places: [Place(pointer: error.pointer, detail: error.message)])
    }

    init(_ error: HTTPParserError) { self.init(Refusal(error)) }

    init(_ refusal: Refusal) {
        let kind: ProblemKind =
            switch refusal.kind {
            case .malformed: .malformedRequest
            case .methodNotAllowed: .methodNotAllowed
            case .requestTimeout: .requestTimeout
            case .bodyTooLarge: .bodyTooLarge
            case .uriTooLong: .uriTooLong
            case .expectationFailed: .expectationFailed
            case .headersTooLarge: .headersTooLarge
            case .full: .overloaded
            }
        self.init(kind, refusal.detail, headers: refusal.headers)
    }

    /// Anything that was thrown while a request was answered; nil when it is none of what can be expected.
    init?(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StoreError: self.init(error)
        case let error as PostgresError: self.init(StoreError(error))
        case let error as DefinitionProblem: self.init(error)
        case let error as DefinitionErrors: self.init(error)
        case let error as JSONError: self.init(error)
        case let error as HTTPParserError: self.init(error)
        default: return nil
        }
    }

    private static func retryAfter(_ seconds: Int) -> HTTPFields { [.retryAfter: String(seconds)] }
}
