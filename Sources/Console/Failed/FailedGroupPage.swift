/// FAILED runs of one group, and what can be done about all of them.
package struct FailedGroupPage: Sendable {
    /// Those of the group that were found.
    let runs: [FailedRun]
    let key: FailedGroup.Key
    /// There may be more of them behind it.
    let nextCursor: String?
    let frame: Frame

    package init(_ runs: [FailedRun], key: FailedGroup.Key, nextCursor: String?, _ frame: Frame) {
        self.runs = runs
        self.key = key
        self.nextCursor = nextCursor
        self.frame = frame
    }

    package var html: HTML {
        let place = key.stepID.map { ": the undo of \($0)" } ?? ": set aside"
        let empty = Part.empty(
            nextCursor == nil ? "None of them is left." : "None of these is left.",
            #"<p><a href="\#(frame.paths.failed)">All that failed</a></p>"#)
        return frame.page(
            "Failed: \(key.workflow)", in: .failed,
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.failed)">Failed</a></nav>
            <div class="title"><h1>\#(key.workflow)\#(place)</h1></div>
            <p class="sentence needs" dir="auto">\#(key.error)</p>
            \#(runs.isEmpty ? empty : form)\#(pages)
            """#)
    }

    private var pages: HTML {
        guard let nextCursor else { return .empty }
        let path = Paths.query(frame.paths.failed, key.members + [("cursor", nextCursor)])
        return #"<nav class="pages" aria-label="Pages"><a rel="next" href="\#(path)">Look at older ones</a></nav>"#
    }

    private var form: HTML {
        let hidden = key.members.compactMap { name, value in
            value.map { #"<input type="hidden" name="\#(name)" value="\#($0)">"# as HTML }
        }
        return #"""
            <form id="bulk" method="post" action="\#(frame.paths.retryMany)">\#(frame.token)\#(hidden)
            \#(if: frame.may("runs:operate"), buttons)
            <div class="scroll" tabindex="0" role="group" aria-label="Runs"><table class="runs">
            <thead><tr><th scope="col"><span class="hidden">Select</span></th><th scope="col">Run</th><th scope="col">What gave up</th><th scope="col">Why it was undone</th><th scope="col">Last change</th></tr></thead>
            <tbody>\#(runs.map { row($0) })</tbody></table></div></form>
            """#
    }

    private var buttons: HTML {
        let resolve: HTML =
            key.stepID == nil
            ? .empty : #"<button class="button" name="action" value="resolve">Resolve by hand …</button>"#
        return #"""
            <div class="bulk"><label class="check"><input type="checkbox" data-all hidden><span id="chosen" aria-live="polite">Those that are selected; all of this kind when none is</span></label>
            <button class="button primary" name="action" value="retry">Retry …</button>\#(resolve)</div>
            """#
    }

    private func row(_ failed: FailedRun) -> HTML {
        let run = failed.run
        let steps = failed.steps.map { #"<p><b>\#($0.id)</b> <span dir="auto">\#($0.error?.text)</span></p>"# as HTML }
        let asked: HTML = #"<span class="mark-text">asked already</span>"#
        let before: HTML? = run.error?.before.map { #"<span dir="auto">\#($0)</span>"# }
        let box: HTML =
            #"<input type="checkbox" name="runId" value="\#(run.id)" aria-label="Select run \#(run.id.suffix(12))">"#
        return #"""
            <tr data-key="\#(run.id)"><td>\#(if: frame.may("runs:operate"), box)</td>
            <th scope="row"><a class="row-link" href="\#(frame.paths.run(run.id))">\#(run.workflow) <span class="version">\#(run.version)</span></a><span class="under">\#(Part.short(run.id)) \#(if: failed.isRequested, asked)</span></th>
            <td class="says">\#(steps)\#(if: steps.isEmpty, HTML(text: run.error?.text ?? ""))</td><td class="says">\#(before)</td><td>\#(Part.time(run.updatedAt))</td></tr>
            """#
    }
}
