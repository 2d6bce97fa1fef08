import Core
import Driver
import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Turns notifications into wake-ups. They are hints: whatever is missed is found by polling and by renewals.
struct WakeListener: Service {
    let configuration: ConnectionConfiguration
    let table: RunTable
    let wakeUp: WakeUp
    let logger: Logger

    func run() async throws {
        let listener = Listener(configuration, channels: [Channel.outbox, Channel.inbox], logger: logger)
        await cancelWhenGracefulShutdown {
            for await element in listener {
                if case .notification(let note) = element, note.channel == Channel.inbox,
                    let runID = RunID(note.payload)
                {
                    table.mailbox(of: runID)?.post(.inboxFilled)
                }
                wakeUp.ring()
            }
        }
    }
}
