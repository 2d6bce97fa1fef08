import ArgumentParser

/// `saga completion`.
struct Completion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Prints a script that completes saga's words in a shell.",
        discussion: """
            For bash: saga completion bash > ~/.local/share/bash-completion/completions/saga. For zsh: saga completion zsh > a \
            file _saga in a folder of $fpath. For fish: saga completion fish > ~/.config/fish/completions/saga.fish.
            """)

    /// The shells there are scripts for.
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws {
        let script =
            switch shell {
            case .bash: Saga.completionScript(for: .bash)
            case .zsh: Saga.completionScript(for: .zsh)
            case .fish: Saga.completionScript(for: .fish)
            }
        Console.tell(script)
    }
}
