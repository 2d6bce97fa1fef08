/// One HTTP call to a participant, defaults and inheritance applied.
package struct CallDefinition: Sendable {
    /// The methods a definition may use.
    package static let methods = ["POST", "PUT", "PATCH", "DELETE", "GET"]

    /// The registered name of the participant; its host is not the definition's business.
    package let participant: String
    /// One of `methods`.
    package let method: String
    package let path: PathTemplate
    /// What is sent; nil is the run's input.
    package let body: Template?
    /// Headers besides those the protocol sets, in the order written; names are valid tokens, unique in any case.
    package let headers: [(name: String, value: HeaderTemplate)]
    /// From connecting to the end of the answer; at most an hour.
    package let timeout: Duration
    package let retry: RetryPolicy
    /// Statuses within 400...599 that are to be retried though they would not be.
    package let retryOn: Set<Int>
    /// Statuses within 400...599 that are final though they would be retried. The three sets are disjoint.
    package let rejectOn: Set<Int>
    /// Statuses within 400...599 after which the effect may exist though they would say something definite.
    package let unknownOn: Set<Int>
    /// What a success comes to whose body says that it is JSON and can't be read as such.
    package let onUnreadable: OnUnreadable

    /// The values of `onUnreadable`.
    package enum OnUnreadable: String, Sendable, CaseIterable {
        /// `unknown`: it may have had its effect, and nothing is built from it.
        case unknown
        /// Its text is the output.
        case text
    }

    /// Everything it names, repetitions included.
    package var references: [Reference] {
        path.references + (body?.uses.map(\.reference) ?? []) + headers.flatMap { $0.value.references }
    }

    /// The timeout of a call when neither it nor its step has one.
    package static let defaultTimeout = Duration.seconds(10)
}

/// What a call sends. Errors name the place in the call (`/headers/x-tenant`).
extension CallDefinition {
    /// The path and query.
    package func renderedPath(_ scope: some Scope) throws(TemplateError) -> String {
        do { return try path.render(scope) } catch { throw error.below(JSONPointer(["path"])) }
    }

    /// Appends the definition's headers, without those that are left out.
    package func appendHeaders(
        _ scope: some Scope, to rendered: inout [(String, String)]
    ) throws(TemplateError) {
        for (name, value) in headers where !value.isLeftOut(scope) {
            do { rendered.append((name, try value.render(scope))) } catch {
                throw error.below(JSONPointer(["headers", name]))
            }
        }
    }

    /// The body: what the definition says, or the run's input; a GET has none.
    package func renderedBody(_ run: Run) throws(TemplateError) -> [UInt8] {
        if method == "GET" { return [] }
        guard let body else { return run.input.bytes }
        do { return try body.bytes(run) } catch { throw error.below(JSONPointer(["body"])) }
    }
}
