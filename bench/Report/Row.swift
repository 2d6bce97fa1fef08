/// A row of the table: what, what came of it, the goal, and whether it is reached.
struct Row: Encodable, Equatable, Sendable {
    let figure: String
    let measured: String
    let goal: String
    /// Nil: there is no goal, or it was not measured.
    @Nullable var reached: Bool?

    init(_ figure: String, _ measured: String, goal: String = "", reached: Bool? = nil) {
        self.figure = figure
        self.measured = measured
        self.goal = goal
        self.reached = reached
    }
}

/// Rows as Markdown, aligned.
struct Table {
    let text: String

    init(_ rows: [Row]) {
        let lines =
            [["figure", "measured", "goal", "reached"]]
            + rows.map { [$0.figure, $0.measured, $0.goal, $0.reached.map { $0 ? "yes" : "NO" } ?? ""] }
        let widths = (0..<4).map { column in lines.map { $0[column].count }.max() ?? 0 }
        var table = lines.map { line in
            "| " + zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
                + " |"
        }
        table.insert("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|", at: 1)
        text = table.joined(separator: "\n")
    }
}
