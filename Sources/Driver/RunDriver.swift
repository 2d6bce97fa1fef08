package import Core

/// Executes the session of one claimed run until it is out of this process's hands.
///
/// All rules are the session's. What is here is how a task is carried out: who is asked, and where the answer goes.
package final class RunDriver<Host: SessionHost> {
    private let host: Host
    private let mailbox: Mailbox
    private var session: RunSession

    package init(_ session: RunSession, mailbox: Mailbox, host: Host) {
        self.session = session
        self.mailbox = mailbox
        self.host = host
    }

    // What a task keeps on its stack across a wait it keeps for each of thousands of runs. So what works with whole runs is
    // not async and not inlined, and the async function holds next to nothing.

    /// Works until the run is over, waits, or is lost.
    package func work() async {
        var task = await nextTask()
        while true {
            switch task {
            case .readInbox:
                do throws(StoreUnavailable) { read(try await host.readInbox()) } catch {
                    session.storeFailed(error.reason)
                }
            case .recountInbox:
                do throws(StoreUnavailable) { session.inboxRecounted(excess: try await host.recountInbox()) } catch {
                    session.storeFailed(error.reason)
                }
            case .commit(let commit):
                willStore(commit)
                stored(commit, await host.commit(commit))
            case .think:
                task = await host.think { next(.full) }
                continue
            case .execute(let commands):
                for command in commands {
                    switch command {
                    case .call(let call):
                        if let participant = participant(of: call) {
                            await host.prepare(participant, of: session.run)
                        }
                        begin(call)
                    case .look(let look):
                        if let participant = participant(of: look.call) {
                            await host.prepare(participant, of: session.run)
                        }
                        begin(look)
                    case .wake(let at): host.wake(at: at) { [mailbox] in mailbox.post(.due) }
                    }
                }
                take(await mailbox.next())
            case .end(let end):
                host.cancelWake()
                return await host.end(end, session.run)
            }
            task = await nextTask()
        }
    }

    /// What looks at thousands of elements takes milliseconds, in which others on the same loop would wait.
    private func nextTask() async -> SessionTask {
        guard session.run.steps.count > Self.manySteps else { return next(.brief) }
        return await host.think { next(.full) }
    }

    private static var manySteps: Int { 500 }

    @inline(never)
    private func next(_ effort: Effort) -> SessionTask {
        var (effort, random) = (effort, host.makeRandom())
        if session.run.hasMarks { session.portion = host.portion(of: session.run) }
        let task = session.next(now: host.now, isHeld: { host.isHeld }, using: &random, effort: &effort)
        for note in session.takeNotes() { host.note(note, of: session.run) }
        return task
    }

    @inline(never)
    private func read(_ rows: [InboxRow]) { session.inboxRead(rows) }

    @inline(never)
    private func take(_ messages: [SessionMessage]) { session.received(messages) }

    /// From the decision to turn back on, no call that waits for its turn is wanted: whoever reads of it finds it so.
    @inline(never)
    private func willStore(_ commit: SessionCommit) {
        mailbox.hasTurnedBack = commit.after.cause != nil
        if isPlanted(.callBeforeCommit) { callBeforeCommit(commit) }
    }

    @inline(never)
    private func stored(_ commit: SessionCommit, _ verdict: CommitVerdict) {
        session.stored(verdict)
        mailbox.hasTurnedBack = session.hasTurnedBack
        if case .written = verdict { host.committed(commit, at: host.now) }
    }

    @inline(never)
    private func participant(of call: Command.Call) -> String? { session.run.participant(of: call) }

    @inline(never)
    private func begin(_ call: Command.Call) { begin(call, of: session.run) }

    private func begin(_ call: Command.Call, of run: Run) {
        let (mailbox, host) = (mailbox, host)
        host.call(
            call, of: run,
            isWanted: {
                call.isWanted(at: host.now, isHeld: host.isHeld, hasTurnedBack: mailbox.hasTurnedBack)
            },
            completion: {
                mailbox.post(.answered(step: call.step, action: call.action, attempt: call.attempt, $0))
            })
    }

    @inline(never)
    private func begin(_ look: Command.Look) {
        let (mailbox, host) = (mailbox, host)
        host.look(
            look, of: session.run,
            isWanted: {
                look.call.isWanted(at: host.now, isHeld: host.isHeld, hasTurnedBack: mailbox.hasTurnedBack)
            },
            completion: { mailbox.post(.looked(look, $0)) })
    }

    private func callBeforeCommit(_ commit: SessionCommit) {
        let (before, now) = (commit.before.nextCommands(at: host.now), host.now)
        for case .call(let call) in commit.after.nextCommands(at: now) where !before.contains(.call(call)) {
            begin(call, of: commit.after)
        }
    }
}
