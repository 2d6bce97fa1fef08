import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Storage

/// Turns everything that is thrown into problem details, and tells 404 from 405.
struct ProblemMiddleware: RouterMiddleware {
    let table: RouteTable

    func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let path = request.uri.path
            if let error = error as? HTTPError, error.status == .notFound {
                return missing(path).response(instance: path)
            }
            return Problem.answering(error, path: path, logger: context.logger).response(instance: path)
        }
    }

    private func missing(_ path: String) -> Problem {
        guard let allowed = table.allowed(path) else { return Problem(.notFound, "No resource has this path.") }
        return Problem(.methodNotAllowed, "This path takes \(allowed).", headers: [.allow: allowed])
    }
}

extension Problem {
    /// What a client is told of anything that was thrown; what is our own fault is logged.
    static func answering(_ error: any Error, path: String, logger: Logger) -> Problem {
        guard let problem = Problem(error) else {
            logger.error("a request failed", metadata: ["path": "\(path)", "error": "\(error)"])
            return Problem(.internalError, "It has been logged.")
        }
        if problem.kind.status.code >= 500 {
            // A database that is away is logged where it is noticed, not once for every request. One that answers and
            // refuses, for want of a table or a right, is noticed nowhere else.
            let isOurs = problem.kind == .internalError || isRefusal(error)
            logger.log(
                level: isOurs ? .error : .debug, "a request could not be served",
                metadata: ["path": "\(path)", "problem": "\(problem.kind.rawValue)", "error": "\(error)"])
        }
        return problem
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        let cause: PostgresError? =
            switch error {
            case let error as PostgresError: error
            case StoreError.unavailable(let error), DefinitionProblem.store(.unavailable(let error)): error
            default: nil
            }
        guard case .server? = cause, let cause else { return false }
        return !cause.isTransient
    }
}
