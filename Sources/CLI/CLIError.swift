import ArgumentParser
import Core

/// Why a command did not do what it was asked. One sentence each, for standard error.
enum CLIError: Error, CustomStringConvertible {
    /// No answer from the API: not there, or it broke off.
    case unreachable(url: String, reason: String)
    /// The API answered that it won't.
    case refused(status: Int, problem: JSON)
    /// The API answered something that no sagaflow API would.
    case misunderstood(String)
    /// Something on this machine is not as it must be: a file, a setting.
    case unusable(String)

    var exitCode: ExitCode {
        switch self {
        case .unreachable: .unreachable
        case .refused, .misunderstood: .failure
        case .unusable: .validationFailure
        }
    }

    var description: String {
        switch self {
        case .unreachable(let url, let reason): "\(url) can't be reached: \(reason)"
        case .refused(let status, let problem): Self.sentence(status, problem)
        case .misunderstood(let what): "the API's answer can't be understood: \(what)"
        case .unusable(let what): what
        }
    }

    private static func sentence(_ status: Int, _ problem: JSON) -> String {
        // From 500 on, what is the matter is in the title, and what to do in the detail.
        let texts = [status >= 500 ? problem["title"]?.string : nil, problem["detail"]?.string].compactMap { $0 }
        let reason = texts.isEmpty ? problem["title"]?.string ?? "no reason given" : texts.joined(separator: " ")
        let text = reason.clipped
        let errors = (problem["errors"]?.array ?? []).prefix(20).map { error in
            "\n  \(error["pointer"]?.string ?? ""): \(error["detail"]?.string ?? "")"
        }
        return "refused with \(status): \(text)" + errors.joined()
    }
}
