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
