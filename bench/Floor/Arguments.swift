/// A statement's arguments as SQL literals, in the order `$1`…`$n`.
///
/// All are the same in every batch but the run ids: those are pgbench variables, named after how many rows of a kind a
/// run has, since every id then stands that many times in a row.
struct Arguments {
    private(set) var literals: [String] = []
    /// How often ids are repeated, in the arguments so far.
    private(set) var repetitions: Set<Int> = []
    private let prefix: String

    /// - Parameter prefix: of the variables' names.
    init(prefix: String) { self.prefix = prefix }

    mutating func emptyArray() { literals.append("'{}'") }

    mutating func uuid(_ text: String) { literals.append("'\(text)'") }

    /// The ids of the batch, each `times` times in a row.
    mutating func runIDs(times: Int) {
        repetitions.insert(times)
        literals.append("':\(prefix)_\(times)'")
    }

    /// An array of anything that is written without quotes and spaces; nil is NULL.
    mutating func array<Element: CustomStringConvertible>(_ values: [Element?]) {
        literals.append("'{" + values.map { $0?.description ?? "NULL" }.joined(separator: ",") + "}'")
    }

    mutating func textArray(_ values: [String?]) {
        let elements = values.map { value in
            guard let value else { return "NULL" }
            var element = "\""
            for character in value {
                if character == "\"" || character == "\\" { element.append("\\") }
                if character == "'" { element.append("'") }
                element.append(character)
            }
            return element + "\""
        }
        literals.append("'{" + elements.joined(separator: ",") + "}'")
    }

    mutating func jsonArray(_ values: [[UInt8]?]) {
        textArray(values.map { $0.map { String(decoding: $0, as: UTF8.self) } })
    }

    /// The call of a prepared statement.
    ///
    /// - Throws: `floor` when the statement has another number of parameters than arguments were given.
    func execute(_ name: String, sql: String) throws(BenchError) -> String {
        let pieces = sql.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
        let parameters = pieces.compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0
        guard parameters == literals.count else {
            throw .floor("\(name) has \(parameters) parameters, and \(literals.count) are known here")
        }
        return "EXECUTE \(name) (\(literals.joined(separator: ", ")));"
    }

    /// A select list that sets the variables of `all` from an array called `ids`.
    static func columns(_ all: [Arguments]) -> String {
        var columns = Set<String>()
        for arguments in all {
            for times in arguments.repetitions {
                columns.insert("floor_repeat(ids, \(times)) AS \(arguments.prefix)_\(times)")
            }
        }
        return columns.sorted().joined(separator: ", ")
    }
}
