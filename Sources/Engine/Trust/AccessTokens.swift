import Basics
import Core
import Participants
import Synchronization

/// A participant's access tokens: one at a time, asked for when a call needs it, renewed while it is still good.
///
/// One request at a time goes to the authorization server, however many calls wait. While it does not give a token no call is sent,
/// and it is asked again after a pause that doubles.
final class AccessTokens: Sendable {
    /// What tokens are asked for with.
    struct Grant: Hashable, Sendable {
        let endpoint: TokenEndpoint
        let clientID: String
        let clientSecret: String
        let scope: String?
        let audience: String?
    }

    /// What a call is told.
    enum Answer: Sendable {
        case token(String)
        /// There is none; a sentence that holds no secret, and how long asking again is known to be futile.
        case unavailable(String, retryAfter: Duration)
    }

    private struct Token {
        let text: String
        let renewAt: ContinuousClock.Instant
        let endsAt: ContinuousClock.Instant
    }

    private struct State {
        var token: Token?
        /// Not nil while the server is asked: those who wait for its answer.
        var waiting: [@Sendable (Answer) -> Void]?
        var failures = 0
        var failure: (sentence: String, until: ContinuousClock.Instant)?
        /// When a participant last had a token renewed that was still good.
        var replacedAt: ContinuousClock.Instant?
    }

    /// How long the server may take.
    static let timeout = Duration.seconds(5)
    /// The pause after the first failure and the longest.
    private static let pauses = (first: Duration.seconds(1), longest: Duration.seconds(30))
    /// A participant that refuses every token has one renewed at the most so often.
    private static let replacementInterval = Duration.seconds(1)

    let grant: Grant
    private let client: ParticipantClient
    private let state = Mutex(State())

    init(_ grant: Grant, client: ParticipantClient) {
        self.grant = grant
        self.client = client
    }

    /// Why there is no token; nil when there is one, or none was needed yet.
    var failure: String? { state.withLock { $0.failure?.sentence } }

    /// A token that is good for now: at once when there is one, else when the server has answered.
    func current(_ completion: @escaping @Sendable (Answer) -> Void) {
        let now = ContinuousClock.now
        let (answer, mustAsk) = state.withLock { state -> (Answer?, Bool) in
            if let token = state.token, token.endsAt > now {
                // Renewed behind the back of calls, which have one meanwhile.
                let isDue = token.renewAt <= now && state.waiting == nil && !Self.pauses(state, now)
                if isDue { state.waiting = [] }
                return (.token(token.text), isDue)
            }
            if let failure = state.failure, failure.until > now, state.waiting == nil {
                return (.unavailable(failure.sentence, retryAfter: failure.until - now), false)
            }
            let isFirst = state.waiting == nil
            state.waiting = (state.waiting ?? []) + [completion]
            return (nil, isFirst)
        }
        if mustAsk { ask() }
        if let answer { completion(answer) }
    }

    /// Another token than the one that a participant has just refused; nil when that is as new as it can be.
    func replacement(of refused: String, _ completion: @escaping @Sendable (Answer?) -> Void) {
        let now = ContinuousClock.now
        let (isKept, answer) = state.withLock { state -> (Bool, Answer?) in
            if let token = state.token, token.text != refused { return (false, .token(token.text)) }
            if state.waiting == nil {
                if let last = state.replacedAt, now - last < Self.replacementInterval { return (true, nil) }
                state.replacedAt = now
            }
            state.token = nil
            return (false, nil)
        }
        if isKept { return completion(nil) }
        if let answer { return completion(answer) }
        current(completion)
    }

    private static func pauses(_ state: State, _ now: ContinuousClock.Instant) -> Bool {
        state.failure.map { $0.until > now } ?? false
    }

    /// Asks the server, once.
    private func ask() {
        client.send(grant.request(timeout: Self.timeout)) { result in
            let now = ContinuousClock.now
            let (waiting, answer) = self.state.withLock { state in
                defer { state.waiting = nil }
                let waiting = state.waiting ?? []
                switch TokenAnswer(result, from: self.grant.endpoint) {
                case .token(let text, let lifetime):
                    state.token = Token(text: text, renewAt: now + lifetime * 4 / 5, endsAt: now + lifetime)
                    (state.failures, state.failure) = (0, nil)
                    return (waiting, Answer.token(text))
                case .failure(let sentence):
                    let pause = min(Self.pauses.first * (1 << min(state.failures, 5)), Self.pauses.longest)
                    state.failures += 1
                    state.failure = (sentence, now + pause)
                    return (waiting, Answer.unavailable(sentence, retryAfter: pause))
                }
            }
            for waiter in waiting { waiter(answer) }
        }
    }
}

/// Where access tokens are asked for.
struct TokenEndpoint: Hashable, Sendable {
    let base: BaseURL
    let path: String

    /// Nil for what is no URL that may be called.
    init?(_ text: String) {
        guard let url = try? BaseURL(parsing: text) else { return nil }
        base = BaseURL(origin: url.origin)
        path = url.pathPrefix + (text.hasSuffix("/") || url.pathPrefix.isEmpty ? "/" : "")
    }
}

extension AccessTokens.Grant {
    /// A request for a token (RFC 6749 §4.4.2), with the client's id and secret as §2.3.1 has them.
    func request(timeout: Duration) -> ParticipantCall {
        var form = "grant_type=client_credentials"
        if let scope { form += "&scope=\(Self.encoded(scope))" }
        if let audience { form += "&audience=\(Self.encoded(audience))" }
        let credentials = "\(Self.encoded(clientID)):\(Self.encoded(clientSecret))"
        return ParticipantCall(
            method: "POST", baseURL: endpoint.base, path: endpoint.path,
            headers: [
                ("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", "Basic \(Base64.encode(Array(credentials.utf8)))"),
            ], body: Array(form.utf8), timeout: timeout)
    }

    /// As forms have it (application/x-www-form-urlencoded).
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "*"):
                bytes.append(byte)
            case 0x20: bytes.append(UInt8(ascii: "+"))
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What an authorization server answered.
enum TokenAnswer: Sendable {
    case token(String, lifetime: Duration)
    /// Why there is none, a sentence that holds nothing of what was sent and no token.
    case failure(String)

    /// What a token is believed to be good for when nothing is said, and at the most.
    private static let (usualLifetime, longestLifetime) = (300, 86_400)
    /// Bytes of a token at most: it goes into a header.
    static let maxTokenBytes = 16_384

    init(_ result: TransportResult, from endpoint: TokenEndpoint) {
        let server = "\(endpoint.base)"
        switch result {
        case .notSent(let failure), .unknown(let failure):
            self = .failure("No access token: \(failure.message)")
        case .response(200, _, _, let body, nil, _):
            guard let json = try? JSON(parsing: body), let token = json["access_token"]?.string,
                (1...Self.maxTokenBytes).contains(token.utf8.count),
                token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                self = .failure("No access token: the answer of \(server) has none that can be used.")
                return
            }
            guard json["token_type"]?.string.map({ $0.lowercased() == "bearer" }) ?? true else {
                self = .failure("No access token: \(server) gives one that is no bearer token.")
                return
            }
            let seconds = json["expires_in"]?.int ?? json["expires_in"]?.string.flatMap { Int($0) }
            self = .token(token, lifetime: .seconds(min(max(seconds ?? Self.usualLifetime, 1), Self.longestLifetime)))
        case .response(let status, _, _, let body, _, _):
            // RFC 6749 §5.2: one word, such as invalid_client.
            let word = (try? JSON(parsing: body))?["error"]?.string.flatMap { word in
                word.utf8.count <= 64 && word.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? " (\(word))" : nil
            }
            self = .failure("No access token: \(server) answered \(status)\(word ?? "").")
        }
    }
}
