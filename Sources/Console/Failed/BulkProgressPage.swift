/// How far it is with what is asked of many runs. Each press of its button, or the script, asks the next ones: nothing goes on behind
/// anybody's back, and whoever stops, or loses the connection, can go on from the page's address.
package struct BulkProgressPage: Sendable {
    /// Why a run could not be asked, in a word of ours.
    package enum Reason: String, Sendable, CaseIterable {
        case gone, changed

        var text: String {
            switch self {
            case .gone: "It is not there any more."
            case .changed: "It stands otherwise by now."
            }
        }
    }

    package struct Progress: Sendable {
        package let title: String
        /// As many as were counted before the first was asked.
        package let total: Int
        package let done: Int
        package let failed: [(id: String, reason: Reason)]
        /// All of them, those that are not in `failed` included.
        package let failedCount: Int
        /// Nothing is left of what was confirmed.
        package let isOver: Bool
        /// More match, which were not meant.
        package let isMore: Bool

        package init(
            title: String, total: Int, done: Int, failed: [(id: String, reason: Reason)], failedCount: Int,
            isOver: Bool, isMore: Bool
        ) {
            self.title = title
            self.total = total
            self.done = done
            self.failed = failed
            self.failedCount = failedCount
            self.isOver = isOver
            self.isMore = isMore
        }
    }

    let progress: Progress
    /// What goes with the next press.
    let state: String
    let back: String
    let frame: Frame

    package init(_ progress: Progress, state: String, back: String, _ frame: Frame) {
        self.progress = progress
        self.state = state
        self.back = back
        self.frame = frame
    }

    package var html: HTML {
        let asked = progress.done + progress.failedCount
        let title = progress.isOver ? "\(progress.title): done" : "\(progress.title): under way"
        return frame.page(
            title, in: nil,
            #"""
            <div class="title"><h1>\#(title)</h1></div>
            <p class="sentence" id="progress" role="status">Asked of \#(Part.number(progress.done)) of about \#(Part.count(progress.total, "run")).\#(if: progress.failedCount > 0, " \(Part.number(progress.failedCount)) could not be asked.")</p>
            <svg class="progress" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="\#(Self.share(asked, progress))&#8239;%"><path class="base" d="M0 2H100"/><path class="there" d="M0 2H\#(Self.share(asked, progress))"/></svg>
            \#(progress.isOver ? over : goOn)\#(failures)
            """#)
    }

    private static func share(_ asked: Int, _ progress: Progress) -> Int {
        progress.isOver ? 100 : min(99, 100 * asked / max(1, progress.total))
    }

    private var over: HTML {
        let more: HTML =
            #"<p>More runs match, or may match: <a href="\#(back)">look at them</a>, and take all that match once more.</p>"#
        return
            #"\#(if: progress.isMore, more)<p class="actions"><a class="button" href="\#(back)">Back to the list</a></p>"#
    }

    private var goOn: HTML {
        #"""
        <p>Those that come next are asked when you press the button. With scripts it goes on by itself; stop whenever you want. What was asked stays asked, and the address of this page goes on from here.</p>
        <form id="go-on" data-go-on method="post" action="\#(frame.paths.bulkGo)">\#(frame.token)<input type="hidden" name="state" value="\#(state)">
        <div class="actions"><button class="button primary">Go on</button><button type="button" class="button" id="stop" hidden>Stop</button> <a class="quiet-button" href="\#(back)">Leave it at that</a></div></form>
        """#
    }

    private var failures: HTML? {
        if progress.failedCount == 0 { return nil }
        let rows = progress.failed.map { failed -> HTML in
            #"<li><a href="\#(frame.paths.run(failed.id))">\#(Part.short(failed.id))</a> \#(failed.reason.text)</li>"#
        }
        let rest = progress.failedCount - progress.failed.count
        let more: HTML = #"<p class="quiet">And \#(Part.count(rest, "other")).</p>"#
        return #"""
            <section aria-labelledby="not-asked"><h2 id="not-asked">Not asked</h2><ul class="list">\#(rows)</ul>\#(if: rest > 0, more)</section>
            """#
    }
}
