import Core
import Logging

/// What one line is made of.
struct LogLine {
    var time: Instant
    var level: Logger.Level
    var logger: String
    var message: String
    var metadata: Logger.Metadata
}
