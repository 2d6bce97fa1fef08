import ArgumentParser
import Basics
import Core

/// How much of a list.
struct Paging: ParsableArguments {
    @Option(help: "How many to show at most.")
    var limit = 50

    @Flag(help: "Show all, however many.")
    var all = false

    @Option(help: "Go on after a former list: its nextCursor (with -o json).")
    var cursor: String?

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit lies within 1...100000.") }
    }

    /// Reads a list, page after page.
    ///
    /// - Parameters:
    ///   - key: the member of an answer that holds the list.
    ///   - query: what else is asked for.
    func read(
        _ key: String, at path: String, _ query: [(String, String?)], _ client: APIClient
    ) async throws -> ListAnswer {
        var answer = ListAnswer(key: key, items: [], next: cursor)
        repeat {
            let count = all ? Self.largestPage : min(Self.largestPage, limit - answer.items.count)
            let parameters = query + [("limit", String(count)), ("cursor", answer.next)]
            let page = try await client.patiently(.get, path + Self.text(parameters)).json
            guard let items = page[key]?.array else { throw CLIError.misunderstood("a list without \(key)") }
            answer.items += items
            answer.next = page["nextCursor"]?.string
        } while answer.next != nil && (all || answer.items.count < limit)
        return answer
    }

    private static let largestPage = 500

    /// A query with what is given of it.
    static func text(_ query: [(String, String?)]) -> String {
        let parts = query.compactMap { name, value in value.map { "\(name)=\($0.pathSegment)" } }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }
}

/// What was read of a list.
struct ListAnswer {
    let key: String
    var items: [JSON]
    /// Where it goes on; nil at its end.
    var next: String?

    /// As the API answers, whatever number of pages it took.
    var json: JSON { .object([key: .array(items), "nextCursor": JSON(next)]) }

    /// Said below a table that is not the whole.
    func hint() {
        if next != nil { Console.complain("saga: there are more (--limit, --all)") }
    }
}
