// What a process tells about itself: logs (Logs/), metrics (Metrics/), traces (Traces/). Nothing here may block or fail
// the work it tells about.

import Glibc

/// What tells this process from others.
package enum ProcessIdentity {
    /// The machine's name, or "unknown".
    package static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    package static var processID: Int { Int(getpid()) }

    /// A random UUID (version 4), another one after every start.
    package static let instanceID: String = {
        let id = TraceID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
        let marked = TraceID(
            high: id.high & ~0xF000 | 0x4000, low: id.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
        let digits = Array(marked.description.utf8)
        let dash = [UInt8(ascii: "-")]
        let parts = [digits[0..<8], dash[...], digits[8..<12], dash[...], digits[12..<16], dash[...]]
        return String(
            decoding: Array((parts + [digits[16..<20], dash[...], digits[20..<32]]).joined()), as: UTF8.self)
    }()
}
