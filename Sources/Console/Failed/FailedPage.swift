/// FAILED runs by what they fail of.
package struct FailedPage: Sendable {
    let groups: [FailedGroup]
    /// FAILED runs that were looked at, and whether there are more.
    let count: Int
    let isMore: Bool
    let frame: Frame

    package init(_ groups: [FailedGroup], count: Int, isMore: Bool, _ frame: Frame) {
        self.groups = groups
        self.count = count
        self.isMore = isMore
        self.frame = frame
    }

    package var html: HTML {
        let list: HTML =
            groups.isEmpty
            ? Part.empty(
                "Nothing has failed.", "<p>Every run that had to be undone was undone. There is nothing to do here.</p>"
            )
            : groups.map { TroubleGroup($0, frame.paths).card(frame, isBelow: false) }.joined()
        let more: HTML =
            #"<p class="quiet">Of the newest \#(Part.count(count, "failed run")); there are more.</p>"#
        return frame.page(
            "Failed", in: .failed, live: .every(10),
            #"""
            <div class="title"><h1>Failed</h1></div>
            <p>Runs that wait for a person because an undo gave up, or because they can't be processed, by what is wrong with them.</p>
            <div id="groups" data-live>\#(list)\#(if: isMore, more)</div>
            """#)
    }
}
