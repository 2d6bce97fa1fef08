/// FAILED runs by what they fail of, and what can be done about many at once.
package struct FailedPage: Sendable {
    let runs: [FailedRun]
    /// There are more than these.
    let isMore: Bool
    /// Only these are shown, run by run.
    let key: FailedGroup.Key?
    let frame: Frame

    package init(_ runs: [FailedRun], isMore: Bool, key: FailedGroup.Key?, _ frame: Frame) {
        self.runs = runs
        self.isMore = isMore
        self.key = key
        self.frame = frame
    }

    package var html: HTML {
        guard let key else { return overview }
        return one(key)
    }

    private var more: HTML {
        #"<p class="quiet">Of the newest \#(Part.count(runs.count, "failed run")); there are more.</p>"#
    }

    private var overview: HTML {
        let groups = FailedGroup.groups(of: runs)
        let list: HTML =
            groups.isEmpty
            ? Part.empty(
                "Nothing has failed.", "<p>Every run that had to be undone was undone. There is nothing to do here.</p>"
            )
            : groups.map { Self.card($0, frame) }.joined()
        return frame.page(
            "Failed", in: .failed, live: .every(10),
            #"""
            <div class="title"><h1>Failed</h1></div>
            <p>Runs that wait for a person because an undo gave up, or because they can't be processed, by what is wrong with them.</p>
            <div id="groups" data-live>\#(list)\#(if: isMore, more)</div>
            """#)
    }

    /// A group in a list, which leads to its runs.
    static func card(_ group: FailedGroup, _ frame: Frame, isBelow: Bool = false) -> HTML {
        let path = Paths.query(frame.paths.failed, group.key.members)
        let samples = group.runs.prefix(3).map { run -> HTML in
            #"<a href="\#(frame.paths.run(run.run.id))">\#(Part.short(run.run.id))</a>"#
        }
        let newest = group.runs.first?.run.updatedAt
        let link: HTML = #"<a href="\#(path)">\#(group.key.workflow)\#(place(group.key))</a>"#
        let title: HTML = isBelow ? "<h3>\(link)</h3>" : "<h2>\(link)</h2>"
        return #"""
            <article class="group" data-key="\#(group.key.workflow)/\#(group.key.stepID)/\#(group.key.error)">
            <div>\#(title)
            <p class="error" dir="auto">\#(group.key.error)</p>
            <p class="samples">\#(samples.joined(by: " · ")) · last \#(Part.time(newest, isRelative: true))</p></div>
            <div class="count">\#(Part.number(group.runs.count))</div></article>
            """#
    }

    private static func place(_ key: FailedGroup.Key) -> HTML {
        key.stepID.map { #": the undo of \#($0)"# } ?? ": set aside"
    }

    private func one(_ key: FailedGroup.Key) -> HTML {
        let chosen = runs.filter { $0.group == key }
        return frame.page(
            "Failed: \(key.workflow)", in: .failed,
            #"""
            <nav class="crumbs" aria-label="Where you are"><a href="\#(frame.paths.failed)">Failed</a></nav>
            <div class="title"><h1>\#(key.workflow)\#(Self.place(key))</h1></div>
            <p class="sentence needs" dir="auto">\#(key.error)</p>
            \#(chosen.isEmpty ? Part.empty("None of them is left.", #"<p><a href="\#(frame.paths.failed)">All that failed</a></p>"#) : form(chosen, key))
            \#(if: isMore, more)
            """#)
    }

    private func form(_ chosen: [FailedRun], _ key: FailedGroup.Key) -> HTML {
        let hidden = key.members.compactMap { name, value in
            value.map { #"<input type="hidden" name="\#(name)" value="\#($0)">"# as HTML }
        }
        let rows = chosen.prefix(100).map { row($0) }
        let rest: HTML = #"<p class="quiet">\#(Part.count(chosen.count - 100, "more run")) of the same kind.</p>"#
        return #"""
            <form id="bulk" method="post" action="\#(frame.paths.retryMany)">\#(frame.token)\#(hidden)
            \#(if: frame.may("runs:operate"), buttons(chosen.count, key))
            <div class="scroll" tabindex="0" role="group" aria-label="Runs"><table class="runs">
            <thead><tr><th scope="col"><span class="hidden">Select</span></th><th scope="col">Run</th><th scope="col">What gave up</th><th scope="col">Why it was undone</th><th scope="col">Last change</th></tr></thead>
            <tbody>\#(rows)</tbody></table></div></form>\#(if: chosen.count > 100, rest)
            """#
    }

    private func buttons(_ count: Int, _ key: FailedGroup.Key) -> HTML {
        let resolve: HTML =
            key.stepID == nil
            ? .empty : #"<button class="button" name="action" value="resolve">Resolve by hand …</button>"#
        return #"""
            <div class="bulk"><label class="check"><input type="checkbox" data-all hidden><span id="chosen" aria-live="polite">Select runs, or take all that match</span></label>
            <label class="hidden" for="of">Which</label><select id="of" name="of">\#(Part.option("all", "all \(count)", isChosen: true))\#(Part.option("chosen", "the selected", isChosen: false))</select>
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
