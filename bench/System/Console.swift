import Glibc

/// What is told to people, as the scripts tell it: in colours on a terminal that wants them, and at once.
enum Console {
    static func say(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func heading(_ text: String) { say("\n" + styled("1", text)) }

    static func note(_ text: String) { say(styled("2", text)) }

    static func complain(_ text: String) { write(styled("31", "✗ " + text), to: STDERR_FILENO) }

    private static func styled(_ code: String, _ text: String) -> String {
        guard isatty(STDOUT_FILENO) == 1, (getenv("NO_COLOR").map { $0.pointee } ?? 0) == 0 else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private static func write(_ text: String, to file: Int32) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            // Nobody listens any more: no reason to stop measuring.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
