import Basics
import Console
import Core
import Participants
import Redis
import Settings

/// What the console can be told.
struct ConsoleConfiguration: Sendable {
    /// What its paths begin with: `/console`.
    let path: String
    /// Pages and fragments for one login.
    let rate: GCRALimit
    /// Where browsers find it, as in `https://saga.example.com`; nil where nobody has said so.
    let url: String?
    /// Where a run's trace and logs are.
    let links: RunLinks

    /// Nil when there is to be none.
    init?(_ settings: inout Settings) throws(SettingsError) {
        let text = try settings.text(
            "console", default: "on", help: "on: pages for people, under CONSOLE_PATH; off: none")
        guard ["on", "off"].contains(text) else { throw settings.error("console", "must be on or off.") }
        path = try settings.text("console.path", default: "/console", help: "what the console's paths begin with")
        guard Self.isPath(path) else {
            throw settings.error(
                "console.path",
                "must be a path such as /console: lower-case letters, digits and hyphens, at most 64, and none of the API's own."
            )
        }
        rate = try APIConfiguration.rate(
            &settings, "console.rate", default: "600/1m", help: "pages of the console per login and time",
            burst: try settings.integer(
                "console.burst", default: 200, in: 1...100_000, help: "pages at once after a quiet time"))
        url = try Self.url(&settings)
        links = RunLinks(
            trace: try Self.link(
                &settings, "console.trace.url", needs: .traceID,
                help: "where a run's trace is, as in https://tempo.example/trace/{traceId}: linked from its page"),
            logs: try Self.link(
                &settings, "console.logs.url",
                help:
                    "where a run's logs are, as in https://logs.example/?q={runId}&from={from}&to={to}: linked from its page"
            ))
        if text == "off" { return nil }
    }

    private static func url(_ settings: inout Settings) throws(SettingsError) -> String? {
        let text = settings.optionalText(
            "console.url",
            help:
                "where browsers find this API, as in https://saga.example.com, for cookies, forms, commands to copy and the way back from an identity provider"
        )
        guard let text else { return nil }
        guard let base = try? BaseURL(parsing: text), base.pathPrefix.isEmpty, !text.hasSuffix("/"),
            base.origin.scheme == .https || APIConfiguration.isLoopback(base.origin.host)
        else {
            throw settings.error(
                "console.url",
                "must be as in https://saga.example.com, without a path; http:// is for this machine alone.")
        }
        return text
    }

    private static func link(
        _ settings: inout Settings, _ key: String, needs place: LinkTemplate.Place? = nil, help: String
    ) throws(SettingsError) -> LinkTemplate? {
        guard let text = settings.optionalText(key, help: help) else { return nil }
        let template: LinkTemplate
        do throws(LinkTemplate.Fault) { template = try LinkTemplate(parsing: text) } catch {
            throw settings.error(key, error.reason)
        }
        if let place, !template.has(place) { throw settings.error(key, "must have {\(place.rawValue)} in it.") }
        return template
    }

    /// What is limited before anybody knows who asks: many readers may have one address.
    var addressRate: GCRALimit {
        let (burst, count) = (min(rate.burst * 10, 1_000_000), min(rate.count * 10, 1_000_000))
        guard GCRALimit.isExact(burst: burst, period: rate.period, count: count) else { return rate }
        return GCRALimit(burst: burst, period: rate.period, count: count)
    }

    private static let taken: Set<Substring> = ["v1", "health", "ready", "metrics", "openapi.json", "schemas"]

    private static func isPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), (2...64).contains(text.utf8.count) else { return false }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return !taken.contains(parts[0])
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { $0.isLowerAlphanumeric || $0 == UInt8(ascii: "-") }
            }
    }
}
