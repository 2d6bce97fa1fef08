import ArgumentParser
import Core

/// How results are printed.
struct OutputOptions: ParsableArguments {
    /// For people or for programs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, wide, json, jsonl

        var isJSON: Bool {
            switch self {
            case .text, .wide: false
            case .json, .jsonl: true
            }
        }
    }

    @Option(
        name: [.customShort("o"), .long],
        help: "Print text, wide (tables with all columns, not cut to the terminal), json, or jsonl (a line an item).")
    var output: Format = .text

    /// Prints one result in the form that was asked for.
    func show(text: @autoclosure () -> String, json: @autoclosure () -> JSON) {
        Console.tell(output.isJSON ? json().text : text())
    }

    /// Prints a list: as a table, as one document, or with each item on a line of its own.
    ///
    /// - Parameter none: said to people when there is nothing.
    func show(_ table: Table, none: String, items: [JSON], json: @autoclosure () -> JSON) {
        switch output {
        case .json: Console.tell(json().text)
        case .jsonl: for item in items { Console.tell(item.text) }
        case .text, .wide: Console.tell(text(of: table, none: none))
        }
    }

    /// The table as this output has it.
    func text(of table: Table, none: String = "") -> String {
        if table.rows.isEmpty { return none }
        let isWide = output == .wide
        return table.text(isWide: isWide, width: isWide ? nil : Console.width, Paint(isOn: Console.isColoured))
    }
}
