import ArgumentParser

/// Words that are no command, and those that were probably meant. The parser does the same for options only.
enum Verbs {
    /// A word where a command should stand.
    struct Unknown: Equatable {
        let word: String
        /// What comes before it, as in `saga run`.
        let parent: String
        /// The nearest first; empty when nothing is near.
        let suggestions: [String]
        let known: [String]

        var sentence: String {
            let head = "there is no \(parent) \(word.clipped)"
            if suggestions.isEmpty { return "\(head); there are: \(known.joined(separator: ", "))" }
            return "\(head); did you mean \(suggestions.joined(separator: " or "))?"
        }
    }

    /// The first word that should be a command and is none; nil when there is no such word.
    static func unknown(_ arguments: [String], in root: any ParsableCommand.Type) -> Unknown? {
        var command = root
        var path = ["saga"]
        for argument in arguments {
            let subcommands = command.configuration.subcommands
            // Options of groups are `--help` and the like; the parser knows what to do with them.
            if subcommands.isEmpty || argument.hasPrefix("-") { return nil }
            // `saga help run` asks for the help of `saga run`.
            if argument == "help", path.count == 1 { continue }
            if let next = subcommands.first(where: { names(of: $0).contains(argument) }) {
                command = next
                path.append(argument)
                continue
            }
            let known = subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
            return Unknown(
                word: argument, parent: path.joined(separator: " "), suggestions: near(argument, known), known: known)
        }
        return nil
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [command._commandName] + command.configuration.aliases
    }

    /// Those that are at most a third of their letters away, or begin as the word does, the nearest first; at most three.
    static func near(_ word: String, _ known: [String]) -> [String] {
        let typed = word.lowercased()
        let distances = known.map { (name: $0, distance: distance(typed, $0)) }
        let near = distances.filter { name, distance in
            distance <= max(1, max(name.count, typed.count) / 3) || (typed.count >= 3 && name.hasPrefix(typed))
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }

    /// Letters to be put in, left out, replaced, or swapped with their neighbours (the optimal string alignment
    /// distance).
    static func distance(_ first: String, _ second: String) -> Int {
        let (left, right) = (Array(first), Array(second.prefix(100)))
        guard left.count <= 100 else { return left.count }
        var rows = [[Int]](repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
        for place in 0...left.count { rows[place][0] = place }
        for place in 0...right.count { rows[0][place] = place }
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        for row in 1...left.count {
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var least = min(rows[row - 1][column], rows[row][column - 1]) + 1
                least = min(least, rows[row - 1][column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    least = min(least, rows[row - 2][column - 2] + 1)
                }
                rows[row][column] = least
            }
        }
        return rows[left.count][right.count]
    }
}
