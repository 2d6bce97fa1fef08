import Console
import Core
import Synchronization

/// Parts of histories that were read for a timeline a moment ago. What has happened does not change, and a page that follows a long run
/// would read all of it again with each event.
///
/// Only pages that are full are kept: nothing is added to them. They hold no payloads, and whoever gets one was let in to its run before.
/// Where a page ends depends on what its reader sees of payloads; from one page to the next it is whole for everybody.
final class KnownHistories: Sendable {
    /// One page, and after which event the next one begins.
    struct Page: Sendable {
        let events: [TimelineEvent]
        let next: Int
    }

    private struct Key: Hashable {
        let runID: String
        let after: Int
    }

    private struct Held {
        var pages: [Key: Page] = [:]
        /// The oldest first.
        var order: [Key] = []
        var count = 0
    }

    /// Events that are kept of all runs together: some 100 bytes each.
    private let most: Int
    private let held = Mutex(Held())

    init(most: Int = 200_000) { self.most = most }

    func page(of runID: String, after: Int) -> Page? { held.withLock { $0.pages[Key(runID: runID, after: after)] } }

    func keep(_ page: Page, of runID: String, after: Int) {
        let key = Key(runID: runID, after: after)
        held.withLock { held in
            guard page.events.count <= most, held.pages[key] == nil else { return }
            while held.count + page.events.count > most, !held.order.isEmpty {
                held.count -= held.pages.removeValue(forKey: held.order.removeFirst())?.events.count ?? 0
            }
            held.pages[key] = page
            held.order.append(key)
            held.count += page.events.count
        }
    }
}
