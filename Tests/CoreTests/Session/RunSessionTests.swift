@testable import Core
import Testing

@Suite("A session says what is done with a claimed run, and in which order")
struct RunSessionTests {
    private func play(_ flow: String, _ script: String, timeout: String? = nil, input: JSON = [:]) throws -> Play {
        var play = try Play(Flow(flow, timeout: timeout), input: input)
        try play.script(script)
        return play
    }

    @Test(
        "a fresh run is carried to its end: calls after the commit of their intent, answers committed before anything follows"
    )
    func straightOn() throws {
        var session = SessionPlay(try play("a b", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1)")
        #expect(session.received(.answer(0, .succeeded)) == "[a=succeeded b#1]keep")
        #expect(session.written() == "calls(b#1)")
        #expect(session.received(.answer(1, .succeeded)) == "[b=succeeded COMPLETED]over")
        #expect(session.written() == "end:settled")
        #expect(session.session.run.status == .completed)
    }

    @Test("a call is handed out once, however often the session is asked")
    func once() throws {
        var session = SessionPlay(try play("a b< c<", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1 b#1 c#1)")
        #expect(session.received(.due) == "calls()")
        #expect(session.received(.answer(1, .succeeded)) == "[b=succeeded]keep")
        #expect(session.written() == "calls()")
    }

    @Test("what is due and was not begun by the claim is begun by a commit; what is not due is given back")
    func dueSteps() throws {
        var due = SessionPlay(try play("a b", "go a=what +200ms"))
        #expect(due.next() == "[a#2]keep")
        var early = SessionPlay(try play("a b", "go a=what"))
        #expect(early.next() == "[]rest+100ms")
        #expect(early.written() == "end:settled")
    }

    @Test("a takeover loses the calls in flight first, with a commit, and repeats them after their backoff")
    func takeover() throws {
        var session = SessionPlay(try play("a b", "go"))
        #expect(session.next() == "[a=unknown+100ms]rest+100ms")
        var undoing = SessionPlay(try play("a b", "go a=ok b=no"))
        #expect(undoing.next() == "[-a=unknown+200ms]rest+200ms")
    }

    @Test("a run cancelled on its way forward need not repeat lost calls; one that is being undone loses them first")
    func takeoverAndCancel() throws {
        var forward = SessionPlay(try play("a b", "go"), inboxCount: 1)
        #expect(forward.next() == "inbox")
        #expect(forward.read(.cancel(reason: nil)) == "(1)[cancel a=unknown undo(a) -a#1]keep")
        var backward = SessionPlay(try play("a b", "go a=ok b=no"), inboxCount: 1)
        #expect(backward.next() == "inbox")
        #expect(backward.read(.cancel(reason: nil)) == "(1)[cancel -a=unknown+200ms]rest+200ms")
    }

    @Test("a cancel that was accepted before an answer is not overtaken by it")
    func cancelFirst() throws {
        var session = SessionPlay(try play("a", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1)")
        #expect(session.received(.answer(0, .succeeded), .inboxFilled) == "inbox")
        #expect(session.read(.cancel(reason: nil)) == "(1)[cancel a=succeeded undo(a) -a#1]keep")
    }

    @Test("an end that would leave requests unread is not stored: they are read, and all is decided again")
    func inboxFirst() throws {
        var session = SessionPlay(try play("a", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1)")
        #expect(session.received(.answer(0, .succeeded)) == "[a=succeeded COMPLETED]over")
        #expect(session.stored(.inboxFirst) == "inbox")
        #expect(session.read(.cancel(reason: nil)) == "(1)[cancel a=succeeded undo(a) -a#1]keep")
        #expect(session.written() == "calls(-a#1)")
    }

    @Test("requests that came while a commit was under way are read before anything is called")
    func unread() throws {
        var session = SessionPlay(try play("a b", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1)")
        #expect(session.received(.answer(0, .succeeded)) == "[a=succeeded b#1]keep")
        #expect(session.written(unread: 1) == "inbox")
    }

    @Test("what was told in time is not late because it is read together, or behind a takeover")
    func outside() throws {
        var play = try Play(Flow("a@< b@< sig1h-go<"))
        try play.script("now a=202 b=202")
        var session = SessionPlay(play, inboxCount: 3)
        session.pass(.seconds(7200))
        #expect(session.next() == "inbox")
        func ok(_ step: String) -> InboxRequest.Kind {
            .callback(stepID: step, .execute, Callback(outcome: .succeeded, output: nil, error: nil, digest: step))
        }
        #expect(
            session.read(ok("b"), .signal(name: "go", payload: 1, key: nil), ok("a"))
                == "(1,2,3)[b<succeeded b=succeeded signal(go) take(sig1h-go) a<succeeded a=succeeded COMPLETED]over")
        // Nothing begins that the takeover would lose.
        var other = try Play(Flow("a@< x< c<a"))
        try other.script("now a=202")
        var taken = SessionPlay(other, inboxCount: 1)
        #expect(taken.next() == "inbox")
        #expect(
            taken.read(ok("a")) == "(1)[a<succeeded a=succeeded x=unknown+100ms c#1]keep")
    }

    @Test("a count that was right after all, when it is looked at, is no fault: a commit of ours came through late")
    func promisedBefore() throws {
        var session = SessionPlay(try play("a b", "go"), inboxCount: 2, beganDueSteps: true)
        #expect(session.next() == "inbox")
        #expect(session.read(.cancel(reason: nil)) == "recount")
        #expect(session.recounted(0) == "(1)[cancel]keep")
        #expect(session.session.takeNotes().isEmpty)
    }

    @Test("a count that promises more requests than there are is put right, and told, and nothing spins")
    func overpromised() throws {
        var session = SessionPlay(try play("a b", "go"), inboxCount: 2, beganDueSteps: true)
        #expect(session.next() == "inbox")
        #expect(session.read(.cancel(reason: nil)) == "recount")
        #expect(session.recounted(1) == "(1)[cancel]keep")
        #expect(
            session.session.takeNotes() == [
                .broken("an inbox count promised 1 more rows than there are; it is put right")
            ])
        #expect(session.written() == "calls(a#1)")
    }

    @Test("what is asked of a FAILED run is decided together: resolved, retried, and cancelled, whatever came first")
    func failed() throws {
        var session = SessionPlay(try play("a b", "go a=ok poison"), inboxCount: 2)
        #expect(session.next() == "inbox")
        let read = session.read(.cancel(reason: nil), .resolve(stepIDs: ["a", "b"], reason: "by hand"))
        #expect(read == "(1,2)[resolve(a) resolve(b) cancel b=unknown undo() CANCELLED]over")
        var compensation = SessionPlay(try play("a b", "go a=ok b=no -a=no"), inboxCount: 2)
        #expect(compensation.next() == "inbox")
        let both = compensation.read(.retry(stepID: nil), .resolve(stepIDs: ["a"], reason: "by hand"))
        #expect(both == "(1,2)[resolve(a) COMPENSATED]over")
        guard case .tooLate? = compensation.session.takeNotes().first else {
            Issue.record("a retry of what is undone was not told to be too late")
            return
        }
    }

    @Test("requests only a newer version knows are left unread: a run nobody has touched is left as it is")
    func foreign() throws {
        var untouched = SessionPlay(try play("a b", ""), inboxCount: 1)
        #expect(untouched.next() == "inbox")
        #expect(untouched.read(nil) == "end:left to others")
        // What was begun goes on to where its answer is stored; then others may have it.
        var begun = SessionPlay(try play("a", "go"), beganDueSteps: true)
        #expect(begun.next() == "calls(a#1)")
        #expect(begun.received(.inboxFilled, .answer(0, .succeeded)) == "inbox")
        #expect(begun.read(nil) == "[a=succeeded]keep")
        #expect(begun.written(unread: 1) == "end:left to others")
    }

    @Test("a lost lease is the end, told by the store or by the clock, and nothing is called any more")
    func leaseLost() throws {
        var told = SessionPlay(try play("a b", "go"), beganDueSteps: true)
        #expect(told.next() == "calls(a#1)")
        #expect(told.received(.answer(0, .succeeded)) == "[a=succeeded b#1]keep")
        #expect(told.stored(.leaseLost) == "end:lost")
        #expect(told.next() == "end:lost")
        var ranOut = SessionPlay(try play("a b", "go"), beganDueSteps: true)
        ranOut.isHeld = false
        #expect(ranOut.next() == "end:lost")
    }

    @Test("what the store refuses for good is set aside, what it can't store now is given back")
    func notStored() throws {
        for (verdict, end) in [
            (CommitVerdict.refused("no"), "end:set aside"), (.unavailable("away"), "end:given back"),
        ] {
            var session = SessionPlay(try play("a", "go"), beganDueSteps: true)
            _ = session.next()
            _ = session.received(.answer(0, .succeeded))
            #expect(session.stored(verdict) == end)
        }
        var unread = SessionPlay(try play("a", "go"), inboxCount: 1, beganDueSteps: true)
        #expect(unread.next() == "inbox")
        unread.session.storeFailed("away")
        #expect(unread.next() == "end:given back")
    }

    @Test("a deadline wakes beside a call in flight, once, and the run drains from then on")
    func deadline() throws {
        var session = SessionPlay(try play("a b", "go", timeout: "10s"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1 wake+10000ms)")
        session.pass(.seconds(4))
        #expect(session.received(.answer(0, .succeeded)) == "[a=succeeded b#1]keep")
        #expect(session.written() == "calls(b#1)", "its timer is set")
        session.pass(.seconds(6))
        #expect(session.received(.due) == "[deadline]keep")
        #expect(session.written() == "calls()")
        #expect(session.session.hasTurnedBack)
        #expect(session.received(.answer(1, .succeeded)) == "[b=succeeded undo(a,b) -b#1]keep")
    }

    @Test("a backoff beside calls in flight wakes at its time, counted from its commit")
    func backoff() throws {
        var session = SessionPlay(try play("a b<", "go"), beganDueSteps: true)
        #expect(session.next() == "calls(a#1 b#1)")
        #expect(session.received(.answer(0, .unknown)) == "[a=unknown+100ms]keep")
        session.pass(.milliseconds(30))
        #expect(session.written() == "calls(wake+100ms)")
        session.pass(.milliseconds(100))
        #expect(session.received(.due) == "[a#2]keep")
        #expect(session.written() == "calls(a#2)")
    }

    @Test("a decision that takes more than its effort is asked for again, and nothing is lost meanwhile")
    func think() throws {
        let list = JSON.array(Array(repeating: 0, count: 3000))
        var session = SessionPlay(try play("a b%", "go", input: ["list": list]), beganDueSteps: true)
        #expect(session.next() == "calls(a#1)")
        session.effort = .brief
        #expect(session.received(.answer(0, .succeeded)) == "think")
        session.effort = .full
        #expect(session.next() == "[a=succeeded skip(b) COMPLETED]over")
    }

    @Test(
        "a call that waited for its turn is made only while its run goes its way",
        arguments: [
            (CallAction.execute, false, true, true), (.execute, true, true, false), (.execute, false, false, false),
            (.compensate, true, true, true), (.compensate, true, false, false),
        ])
    func isWanted(action: CallAction, hasTurnedBack: Bool, isHeld: Bool, expected: Bool) {
        let at = Instant(microseconds: 1000)
        let call = Command.Call(step: 0, action: action, attempt: 1)
        #expect(call.isWanted(at: at, isHeld: isHeld, hasTurnedBack: hasTurnedBack) == expected)
        let late = Command.Call(step: 0, action: action, attempt: 1, notAfter: at)
        #expect(!late.isWanted(at: at, isHeld: isHeld, hasTurnedBack: hasTurnedBack))
    }
}
