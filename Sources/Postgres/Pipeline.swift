/// Statements to be run in one transaction and one round trip, in the order they were added.
///
/// ```swift
/// var pipeline = Pipeline()
/// let inserted = pipeline.add(InsertRuns(runs))
/// pipeline.add(InsertSteps(steps))
/// let results = try await connection.transaction(pipeline)
/// for row in results[inserted] { … }
/// ```
package struct Pipeline: Sendable {
    /// Where the rows of one statement will be found.
    package struct Slot<Row: Sendable>: Sendable {
        let index: Int
    }

    /// The rows of every statement of one run of a pipeline.
    package struct Results: Sendable {
        /// One `[Row]` per statement.
        var rows: [any Sendable] = []

        /// The rows of one statement. The slot must come from the pipeline that was run.
        package subscript<Row>(_ slot: Slot<Row>) -> [Row] {
            guard let rows = rows[slot.index] as? [Row] else {
                preconditionFailure("the slot belongs to another pipeline")
            }
            return rows
        }
    }

    private(set) var statements: [any Statement] = []

    /// An empty pipeline.
    package init() {}

    /// Appends a statement. The first to fail undoes all.
    @discardableResult
    package mutating func add<S: Statement>(_ statement: S) -> Slot<S.Row> {
        statements.append(statement)
        return Slot(index: statements.count - 1)
    }
}
