import Foundation
import Testing

/// The tables of docs/limits.md.
struct LimitTables {
    /// A row, but for its last cell.
    struct Row {
        let what: String
        let most: String

        /// The figure as a number: of bytes, of seconds, or of whatever is counted.
        var figure: Int {
            get throws {
                let match = try #require(most.firstMatch(of: /^([0-9,]+) ?([A-Za-z]*)/), "\(what): \(most)")
                let number = try #require(Int(match.output.1.filter { $0 != "," }))
                switch match.output.2 {
                case "KiB": return number << 10
                case "MiB": return number << 20
                case "m": return number * 60
                case "h": return number * 3600
                case "d": return number * 86_400
                default: return number
                }
            }
        }
    }

    /// Those with figures.
    let figures: [Row]
    /// Those of operators.
    let operators: [Row]

    init() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../../../docs/limits.md").standardized
        var figures: [Row] = []
        var operators: [Row] = []
        var isOfOperators = false
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.dropFirst(2).dropLast(2).split(separator: " | ", omittingEmptySubsequences: false)
            let row = Row(what: String(cells[0]), most: String(cells[1]))
            if row.what == "what" || row.what == "operator" {
                isOfOperators = row.what == "operator"
            } else if isOfOperators {
                operators.append(row)
            } else {
                figures.append(row)
            }
        }
        (self.figures, self.operators) = (figures, operators)
    }
}
