import Core

/// Finds the run ids of a batch among a statement's parameters, and puts pgbench variables in their place.
///
/// A parameter holds either none of them or every one, in order, each as often as a run has rows of that kind.
struct BatchIDs {
    private let ids: [String]
    private let prefix: String
    /// How often ids are repeated, in the parameters seen so far.
    private var repetitions: Set<Int> = []

    /// - Parameter prefix: of the variables' names.
    init(_ ids: [RunID], prefix: String) {
        self.ids = ids.map(\.description)
        self.prefix = prefix
    }

    /// The call of a prepared statement with these values as Postgres writes them; nil is NULL.
    ///
    /// - Throws: `floor` when ids are not in the order of the batch.
    mutating func execute(_ name: String, _ values: [String?]) throws(BenchError) -> String {
        var arguments: [String] = []
        for value in values { arguments.append(try argument(value)) }
        return "EXECUTE \(name) (\(arguments.joined(separator: ", ")));"
    }

    /// A select list that sets the variables from an array called `ids`; after all calls were written.
    var columns: String {
        repetitions.sorted().map { "floor_repeat(ids, \($0)) AS \(prefix)_\($0)" }.joined(separator: ", ")
    }

    private mutating func argument(_ value: String?) throws(BenchError) -> String {
        guard let value else { return "NULL" }
        guard let first = ids.first, value.hasPrefix("{" + first) else { return SQLText.quoted(value) }
        let found = value.dropFirst().dropLast().split(separator: ",")
        let times = found.count / ids.count
        guard found == ids.flatMap({ Array(repeating: Substring($0), count: times) }) else {
            throw .floor("run ids are not in the order of the batch")
        }
        repetitions.insert(times)
        return "':\(prefix)_\(times)'"
    }
}

/// SQL as text.
enum SQLText {
    static func quoted(_ value: String) -> String {
        "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
