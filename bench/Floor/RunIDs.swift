import Core

/// Finds the run ids of a batch among a statement's parameters, and puts pgbench variables in their place.
///
/// A parameter holds every id of the batch, in order, each as often as a run has rows of that kind.
final class RunIDs {
    private let texts: [String]
    private let prefix: String
    /// How often ids are repeated, in the parameters seen so far.
    private var repetitions: Set<Int> = []

    /// - Parameter prefix: of the variables' names.
    init(_ ids: [RunID], prefix: String) {
        texts = ids.map(\.description)
        self.prefix = prefix
    }

    /// The variable for an array of run ids as Postgres writes it; nil when the value is something else.
    func variable(for value: String?) throws(BenchError) -> String? {
        guard let value, let first = texts.first, value.hasPrefix("{" + first) else { return nil }
        let found = value.dropFirst().dropLast().split(separator: ",")
        let times = found.count / texts.count
        let expected = texts.flatMap { Array(repeating: Substring($0), count: times) }
        guard found == expected else { throw .floor("run ids are not in the order of the batch") }
        repetitions.insert(times)
        return "':\(prefix)_\(times)'"
    }

    /// Select-list that sets the variables from an array of ids; after all parameters were seen.
    func columns(of ids: String) -> String {
        repetitions.sorted().map { "floor_repeat(\(ids), \($0)) AS \(prefix)_\($0)" }.joined(separator: ", ")
    }
}
