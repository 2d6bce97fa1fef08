import Core
import Glibc

/// A file that takes the results of refused lines, one object a line.
final class ResultFile {
    private let path: String
    private let descriptor: Int32

    /// Makes the file anew.
    init(path: String) throws(CLIError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.unusable(path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ result: JSON) throws(CLIError) {
        guard Console.write(result.bytes + [UInt8(ascii: "\n")], to: descriptor) else { throw Self.unusable(path) }
    }

    private static func unusable(_ path: String) -> CLIError {
        .unusable("\(path) can't be written: \(String(cString: strerror(errno)))")
    }
}
