import Basics
import Console
import Core
import Crypto
import HTTPTypes
import Hummingbird
import Synchronization

/// Pages that many look at, made once for all who see the same.
///
/// A page that is open asks every few seconds whether it has changed. Between two readers with the same permissions and the same filter it
/// differs by their name and their form token alone: so it is made without both, kept for a few seconds, and finished for each. Only what
/// asks with the tag of a page that it has may be answered from here: whoever opens a page, or has just sent a form, sees how it is now.
final class SharedPages: Sendable {
    /// Everything a page depends on.
    private struct Key: Hashable {
        let path: String
        let origin: String
        let scope: RunScope
        let permissions: Set<Permission>
        let isKnown: Bool
    }

    private struct Made {
        let page: Unfinished
        let at: ContinuousClock.Instant
        let lifetime: Duration

        var counts: Bool { .now - at < lifetime }
    }

    private let made = Mutex<[Key: Made]>([:])
    /// What stands in the place of a reader's name and token; nobody can guess it, so no text of anybody's can hold it.
    private let (name, token) = (SharedPages.nonce(), SharedPages.nonce())

    /// For so long a page counts; each time it is made anew and has not changed for twice as long.
    private static let lifetimes: (shortest: Duration, longest: Duration) = (.seconds(2), .seconds(8))
    /// Pages that are kept at once; each has at most some 100 kB.
    private static let most = 200

    private static func nonce() -> String {
        Base64URL.encode((0..<24).map { _ in UInt8.random(in: 0 ... .max) })
    }

    /// The page for this reader.
    func answer(_ visit: ConsoleVisit, _ work: ConsoleRoutes.Work) async throws -> ConsoleAnswer {
        // What was just done is told to whoever did it.
        guard visit.frame.notice == nil else { return try await work(visit) }
        let key = Key(
            path: visit.request.head.path ?? "", origin: visit.frame.origin, scope: visit.principal.scope,
            permissions: visit.principal.permissions, isKnown: visit.isKnown)
        if visit.request.headers[.ifNoneMatch] != nil, let known = known(key) { return finished(known, visit) }
        var neutral = visit
        neutral.frame = visit.frame.of(visit.frame.reader == nil ? nil : name, formToken: token)
        guard case .page(let html, .ok) = try await work(neutral) else { return try await work(visit) }
        let page = Unfinished(html, name: name, token: token)
        keep(page, under: key)
        return finished(page, visit)
    }

    private func known(_ key: Key) -> Unfinished? {
        made.withLock { made in
            made[key].flatMap { $0.counts ? $0.page : nil }
        }
    }

    private func keep(_ page: Unfinished, under key: Key) {
        made.withLock { made in
            if made.count >= Self.most, made[key] == nil {
                made = made.filter { $0.value.counts }
                if made.count >= Self.most { return }
            }
            let before = made[key]
            let isSame = before?.page.digest == page.digest
            let lifetime =
                isSame ? min((before?.lifetime ?? .zero) * 2, Self.lifetimes.longest) : Self.lifetimes.shortest
            made[key] = Made(page: page, at: .now, lifetime: lifetime)
        }
    }

    private func finished(_ page: Unfinished, _ visit: ConsoleVisit) -> ConsoleAnswer {
        let (reader, token) = (visit.frame.reader ?? "", visit.frame.formToken)
        return .shared({ page.bytes(reader: reader, token: token) }, tag: page.tag(reader: reader, token: token))
    }
}

/// A page without the name of its reader, and without the token of its forms.
private struct Unfinished: Sendable {
    private enum Piece: Sendable { case text([UInt8]), name, token }

    private var pieces: [Piece] = []
    let digest: [UInt8]

    init(_ html: HTML, name: String, token: String) {
        var rest = html.markup[...]
        digest = Array(SHA256.hash(data: Array(rest.utf8)))
        while let next = [(name, Piece.name), (token, .token)].compactMap({ word, piece in
            rest.firstRange(of: word).map { (range: $0, piece: piece) }
        }).min(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            pieces += [.text(Array(rest[..<next.range.lowerBound].utf8)), next.piece]
            rest = rest[next.range.upperBound...]
        }
        pieces.append(.text(Array(rest.utf8)))
    }

    func bytes(reader: String, token: String) -> [UInt8] {
        let (reader, token) = (Array(HTML(text: reader).markup.utf8), Array(HTML(text: token).markup.utf8))
        return pieces.flatMap { piece in
            switch piece {
            case .text(let text): text
            case .name: reader
            case .token: token
            }
        }
    }

    /// Changes with the page, its reader and their login, without any of it being made.
    func tag(reader: String, token: String) -> String {
        let hash = SHA256.hash(data: digest + Array("\(reader) \(token)".utf8))
        return "\"\(Base64URL.encode(Array(hash.prefix(12))))\""
    }
}
