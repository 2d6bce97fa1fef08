import ArgumentParser
import Core

/// How results are printed.
struct OutputOptions: ParsableArguments {
    /// For people or for programs.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(name: [.customShort("o"), .long], help: "Print results as text or json.")
    var output: Format = .text

    /// Prints one result in the form that was asked for.
    func show(text: @autoclosure () -> String, json: @autoclosure () -> JSON) {
        switch output {
        case .text: Console.tell(text())
        case .json: Console.tell(json().text)
        }
    }
}
