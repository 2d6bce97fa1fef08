import Console
import Core
import HTTPTypes
import Hummingbird

/// One request of one reader for one page.
struct ConsoleVisit: Sendable {
    let request: Request
    let context: APIContext
    let api: ConsoleCalls
    /// How the API is told who calls.
    let headers: HTTPFields
    let principal: Principal
    /// Somebody in particular.
    let isKnown: Bool
    let secret: ConsoleSecret
    var frame: Frame
    /// Whether the login goes on; true where it can't be asked.
    let isLoggedIn: @Sendable () async -> Bool

    var query: ConsoleQuery { ConsoleQuery(request) }
    var paths: Paths { frame.paths }

    /// What a route of the API answers to this reader.
    func get(_ path: String, _ variables: [String] = [], _ query: [(String, String?)] = []) async throws -> JSON {
        try await api.call(.get, path, variables, query: query, headers: headers, request, context).pageJSON()
    }

    /// The same, and nil where the reader may not see it.
    func getIfAllowed(
        _ path: String, _ variables: [String] = [], _ query: [(String, String?)] = []
    ) async throws -> JSON? {
        do { return try await get(path, variables, query) } catch {
            switch (error as? Problem)?.kind {
            case .missingPermission?, .unauthorized?: return nil
            default: throw error
            }
        }
    }

    @discardableResult
    func post(_ path: String, _ variables: [String], _ body: JSON?) async throws -> JSON {
        try await api.call(.post, path, variables, body: body ?? .object([:]), headers: headers, request, context)
            .pageJSON()
    }

    /// The part of the path under a name.
    func pathText(_ name: Substring) throws(Problem) -> String { try context.pathText(name) }
}

/// What a page answers.
enum ConsoleAnswer: Sendable {
    case page(HTML, HTTPResponse.Status = .ok)
    /// A page that may have been made before; it has this tag.
    case shared(@Sendable () -> [UInt8], tag: String)
    /// Look there: after a form was sent, so that nobody sends it twice.
    case seeOther(String)
    case whole(Response)
}
