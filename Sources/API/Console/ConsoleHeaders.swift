import Console
import Core
import HTTPTypes
import Hummingbird

/// What browsers are told with every answer of the console.
enum ConsoleHeaders {
    /// Nothing but our own files and forms, nothing inline, no frame around it, and scripts make no markup of texts.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

    static let all: HTTPFields = {
        var headers: HTTPFields = [:]
        for (name, value) in [
            ("Content-Security-Policy", contentSecurityPolicy), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ] {
            guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header") }
            headers[name] = value
        }
        return headers
    }()
}

/// From where a form was sent.
enum ConsoleOrigin {
    private static let fetchSite = name("Sec-Fetch-Site")
    private static let fetchMode = name("Sec-Fetch-Mode")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is a header") }
        return name
    }

    /// Somebody has followed a link that another site has, so the cookie did not go along.
    static func isLedFromElsewhere(_ request: Request) -> Bool {
        request.method == .get && request.headers[fetchSite] == "cross-site" && request.headers[fetchMode] == "navigate"
    }

    /// A page of this very console has sent it: the browser says so, and who says nothing is no browser of today.
    ///
    /// `Sec-Fetch-Site` comes over TLS and on this machine. With it `Origin` says nothing: forms of pages without referrers have `null`.
    static func isOwn(_ request: Request) -> Bool {
        if let site = request.headers[fetchSite] { return site == "same-origin" }
        guard let origin = request.headers[.origin], let authority = request.head.authority else { return false }
        // Behind a proxy that ends TLS nobody here knows the scheme.
        return ["https://", "http://"].contains { origin == $0 + authority }
    }

    /// A browser that came over plain HTTP from elsewhere, and keeps no cookie of ours.
    static func isPlain(_ request: Request) -> Bool {
        guard let authority = request.head.authority else { return false }
        return !isLoopback(authority) && request.headers[fetchSite] == nil
    }

    /// Where the API is, for commands to copy.
    static func shown(_ request: Request) -> String {
        let authority = request.head.authority ?? "localhost"
        return (isLoopback(authority) ? "http://" : "https://") + authority
    }

    /// The browser is on this machine, so nothing goes over a network.
    static func isLoopback(_ authority: String) -> Bool {
        let host =
            authority.hasPrefix("[")
            ? String(authority.dropFirst().prefix { $0 != "]" }) : String(authority.prefix { $0 != ":" })
        return APIConfiguration.isLoopback(host)
    }
}

/// The cookie that says which login it is.
enum ConsoleCookie {
    private static let name = "sagaflow-console"

    /// Browsers take `__Host-` from the very host alone, over TLS. On this machine there may be none.
    private static func name(for request: Request) -> String {
        ConsoleOrigin.isLoopback(request.head.authority ?? "") ? name : "__Host-\(name)"
    }

    static func read(_ request: Request) -> ConsoleSecret? {
        value(name(for: request), of: request).flatMap { ConsoleSecret($0) }
    }

    /// What stands in the first cookie of a name; nil for none.
    static func value(_ name: String, of request: Request) -> String? {
        let wanted = name + "="
        for field in request.headers[values: .cookie] {
            for part in field.split(separator: ";") {
                let pair = part.drop { $0 == " " }
                if pair.hasPrefix(wanted) { return String(pair.dropFirst(wanted.count)) }
            }
        }
        return nil
    }

    /// - Parameter secret: nil takes it away.
    static func set(_ secret: ConsoleSecret?, for request: Request) -> String {
        let name = name(for: request)
        let secure = name.hasPrefix("__Host-") ? "; Secure" : ""
        let end = secret == nil ? "; Max-Age=0" : ""
        return "\(name)=\(secret?.text ?? ""); Path=/; HttpOnly; SameSite=Strict\(secure)\(end)"
    }
}

/// What is said on top of the page after a form was sent: a word in the address, never a text from there.
enum ConsoleNotice {
    static func text(_ query: ConsoleQuery) -> Notice? {
        guard let did = query["did"] else { return nil }
        switch did {
        case "restart": return Notice("This is the new run.")
        case "registered": return Notice("It is registered.")
        default:
            guard let kind = RunAction.Kind(rawValue: did) else {
                return ConsoleWorkflowChanges.notice(did).map { Notice($0) }
            }
            return Notice(asked(kind))
        }
    }

    private static func asked(_ kind: RunAction.Kind) -> String {
        switch kind {
        case .cancel: "The cancel is on its way: an engine begins it with its next commit."
        case .undo: "The undo is on its way: an engine begins it with its next commit."
        case .pause: "The run is being paused."
        case .resume: "The run goes on."
        case .restart: "It is done anew."
        case .signal: "The signal is on its way."
        case .retryAll, .retry: "It is tried again."
        case .resolve: "It counts as undone."
        case .complete: "The step counts as done."
        case .skip: "The step is skipped."
        case .fail: "The step gives up."
        }
    }
}
