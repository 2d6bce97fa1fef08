import Core
import Glibc

/// The terminal.
enum Console {
    /// Whether standard output shows colours: a terminal, and nobody asked for none (no-color.org).
    static var isColoured: Bool { isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil }
    /// Whether somebody watches standard error.
    static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

    /// How many columns a table on standard output may have: COLUMNS, or those of the terminal; nil where neither says.
    static var width: Int? {
        if let given = getenv("COLUMNS").flatMap({ Int(String(cString: $0)) }), given >= 20 { return given }
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else {
            return nil
        }
        return Int(size.ws_col)
    }

    static let output = STDOUT_FILENO

    /// A line on standard error.
    static func complain(_ text: String) { _ = write(Array((text + "\n").utf8), to: STDERR_FILENO) }

    /// Text on standard error as it is.
    static func show(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

    /// A line on standard output, at once: who watches a run through a pipe wants to see it live.
    static func tell(_ text: String) { _ = write(Array((text + "\n").utf8), to: STDOUT_FILENO) }

    /// Writes all of it; false, and the reason in `errno`, when the file takes no more.
    static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Paints text on terminals that can show it.
struct Paint {
    let isOn: Bool

    func green(_ text: String) -> String { paint(text, 32) }
    func red(_ text: String) -> String { paint(text, 31) }
    func yellow(_ text: String) -> String { paint(text, 33) }
    func dim(_ text: String) -> String { paint(text, 2) }
    func bold(_ text: String) -> String { paint(text, 1) }

    private func paint(_ text: String, _ code: Int) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// Filled up with blanks on the right.
    func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Filled up with blanks on the left.
    func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }

    /// One line of bounded length that no terminal takes for commands.
    var clipped: String { oneLine.cut(to: 120) }

    /// One line that no terminal takes for commands.
    var oneLine: String {
        String(map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 })
    }

    /// Its beginning, with a sign that there is more.
    func cut(to width: Int) -> String { count > width ? prefix(max(0, width - 1)) + "…" : self }
}

extension Duration {
    /// For people: `12.3 ms`, `4.56 s`, `3m 20s`, `2h 5m`.
    var readable: String {
        let milliseconds = Double(microseconds) / 1000
        if milliseconds < 1000 { return milliseconds.fixed(1) + " ms" }
        let seconds = Int(milliseconds / 1000)
        if seconds < 60 { return (milliseconds / 1000).fixed(2) + " s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        if seconds < 86_400 { return "\(seconds / 3600)h \(seconds / 60 % 60)m" }
        return "\(seconds / 86_400)d \(seconds / 3600 % 24)h"
    }
}

extension Double {
    /// With exactly this many decimals.
    func fixed(_ decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1) { product, _ in product * 10 }
        let units = Int((magnitude * Double(scale)).rounded())
        let sign = self < 0 && units > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(units) }
        let rest = String(units % scale)
        return sign + String(units / scale) + "." + String(repeating: "0", count: decimals - rest.count) + rest
    }
}
