/// Rows in columns, for people.
struct Table {
    /// A column.
    struct Column {
        let title: String
        /// Only shown where lines may be as long as they like.
        var isWide = false
        /// May be cut where the terminal has no room.
        var shrinks = false
        /// How a cell is painted; its blanks are not.
        var paint: ((String, Paint) -> String)?
    }

    let columns: [Column]
    var rows: [[String]] = []

    /// A column that may be cut keeps that many characters.
    private static let leastWidth = 10
    private static let gap = 2

    /// The titles and the rows, each on a line.
    ///
    /// - Parameter width: what a line may have; nil for any length.
    func text(isWide: Bool, width: Int?, _ paint: Paint) -> String {
        let shown = columns.indices.filter { isWide || !columns[$0].isWide }
        let cells = rows.map { row in shown.map { row[$0].oneLine } }
        let titles = shown.map { columns[$0].title }
        var widths = titles.indices.map { column in ([titles] + cells).map { $0[column].count }.max() ?? 0 }
        if let width { Self.shrink(&widths, to: width, shown.map { columns[$0].shrinks }) }
        return ([titles] + cells).enumerated().map { number, row in
            var line = ""
            for (place, cell) in row.enumerated() {
                let cut = cell.cut(to: widths[place])
                let painted = number == 0 ? paint.dim(cut) : columns[shown[place]].paint.map { $0(cut, paint) } ?? cut
                let isLast = row[(place + 1)...].allSatisfy(\.isEmpty)
                line += painted
                if isLast { break }
                line += String(repeating: " ", count: widths[place] - cut.count + Self.gap)
            }
            return line
        }.joined(separator: "\n")
    }

    /// Takes from the longest column that may be cut until the line fits, or nothing more can be taken.
    private static func shrink(_ widths: inout [Int], to width: Int, _ shrinks: [Bool]) {
        var excess = widths.reduce(0, +) + gap * (widths.count - 1) - width
        while excess > 0 {
            let places = widths.indices.filter { shrinks[$0] && widths[$0] > leastWidth }
            guard let longest = places.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[longest] -= 1
            excess -= 1
        }
    }
}
