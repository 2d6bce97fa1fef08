import Glibc

/// No measurement may take longer than this; what measures gives up much earlier by itself.
enum TimeLimit {
    static let seconds = 900

    /// Ends the program, with a word, when the body takes longer: nothing that hangs can hold that up.
    static func within<T>(_ seconds: Int = seconds, _ body: () async throws -> T) async rethrows -> T {
        signal(SIGALRM) { _ in
            let text: StaticString = "a measurement takes too long: given up\n"
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(1)
        }
        alarm(UInt32(seconds))
        defer { alarm(0) }
        return try await body()
    }
}
