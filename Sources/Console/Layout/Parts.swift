import Core

/// What pages are made of.
enum Part {
    /// A run's status: shape, colour and word.
    static func status(_ status: String, isPaused: Bool = false) -> HTML {
        let (icon, tone, _) = look(status)
        let pause: HTML = #"<span class="state quiet">\#(Icon.paused.svg)Paused</span>"#
        return #"<span class="state \#(tone)">\#(icon.svg)\#(word(status))</span>\#(if: isPaused, pause)"#
    }

    /// What people call a run's status.
    static func word(_ status: String) -> String { look(status).word }

    private static func look(_ status: String) -> (icon: Icon, tone: String, word: String) {
        switch status {
        case "PENDING": (.pending, "quiet", "Pending")
        case "RUNNING": (.running, "busy", "Running")
        case "COMPENSATING": (.undoing, "undo", "Undoing")
        case "COMPLETED": (.done, "good", "Completed")
        case "COMPENSATED": (.undone, "undo", "Undone")
        case "CANCELLED": (.cancelled, "quiet", "Cancelled")
        case "FAILED": (.failed, "bad", "Failed")
        // A later release may know more.
        default: (.unknown, "quiet", status)
        }
    }

    /// Where a step stands, in either direction.
    static func step(_ step: StepView) -> HTML {
        let (icon, tone, word): (Icon, String, String) =
            switch (step.compensationStatus, step.status) {
            case ("PENDING", _): (.undoing, "undo", "To be undone")
            case ("COMPENSATING", _): (.undoing, "undo", "Undoing")
            case ("COMPENSATED", _): (.undone, "undo", "Undone")
            case ("FAILED", _): (.failed, "bad", "Undo failed")
            case (_, "PENDING"):
                step.nextAttemptAt == nil ? (.pending, "quiet", "Pending") : (.waiting, "busy", "Waits to retry")
            case (_, "WAITING"): (.waiting, "busy", "Waiting")
            case (_, "EXECUTING"):
                step.isAccepted ? (.waiting, "busy", "Accepted, being worked on") : (.running, "busy", "Executing")
            case (_, "SUCCEEDED"): (.done, "good", "Succeeded")
            case (_, "FAILED"): (.failed, "bad", "Failed")
            case (_, "SKIPPED"): (.skipped, "quiet", "Skipped")
            default: (.unknown, "quiet", step.status)
            }
        return #"<span class="state \#(tone)">\#(icon.svg)\#(word)</span>"#
    }

    /// A point in time, in UTC; scripts make it the reader's own, and keep UTC for the pointer.
    static func time(_ instant: Instant?, isRelative: Bool = false) -> HTML {
        guard let instant else { return #"<span class="none">–</span>"# }
        let text = instant.description
        let shown = "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
        let kind = isRelative ? "relative" : "local"
        return #"<time datetime="\#(text)" data-time="\#(kind)">\#(shown)</time>"#
    }

    /// How long something took: `340 ms`, `2.5 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`.
    static func duration(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.microseconds / 1000)
        let seconds = milliseconds / 1000
        switch seconds {
        case 0: return "\(milliseconds) ms"
        case ..<10: return "\(seconds).\(milliseconds % 1000 / 100) s"
        case ..<60: return "\(seconds) s"
        case ..<3600: return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400:
            return seconds % 3600 < 60 ? "\(seconds / 3600) h" : "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default:
            return seconds % 86_400 < 3600
                ? "\(seconds / 86_400) d" : "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
        }
    }

    /// A number with its thousands apart, all digits there.
    static func number(_ number: Int) -> HTML {
        let digits = String(number.magnitude)
        var text = number < 0 ? "−" : ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text += "\u{202F}" }
            text.append(digit)
        }
        return #"<span class="number">\#(text)</span>"#
    }

    /// `1 run`, `3 runs`.
    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> HTML {
        "\(self.number(number)) \(number == 1 ? one : many ?? one + "s")"
    }

    /// Nothing is here, and what to do about it.
    static func empty(_ title: String, _ more: HTML = .empty) -> HTML {
        #"<div class="empty"><p class="empty-title">\#(title)</p>\#(more)</div>"#
    }

    /// An id that is copied rather than read.
    static func short(_ id: String) -> HTML { #"<code class="id" title="\#(id)">\#(id.suffix(12))</code>"# }

    /// An option of a choice.
    static func option(_ value: String, _ text: String, isChosen: Bool) -> HTML {
        #"<option value="\#(value)"\#("selected", if: isChosen)>\#(text)</option>"#
    }

    /// A text that its reader may take along.
    static func copied(_ text: String, id: String) -> HTML {
        #"<div class="copied"><pre id="\#(id)" tabindex="0">\#(text)</pre><button type="button" class="quiet-button" data-copy="\#(id)" hidden>\#(Icon.copy.svg)Copy</button></div>"#
    }

    /// A sentence about what was just done, or why it was not.
    static func notice(_ notice: Notice) -> HTML {
        let icon = notice.isProblem ? Icon.warning : .done
        return #"""
            <div class="notice \#(notice.isProblem ? "bad" : "good")" role="\#(notice.isProblem ? "alert" : "status")">
            \#(icon.svg)<p>\#(notice.text)</p></div>
            """#
    }
}

/// What is said once, on top of a page.
package struct Notice: Sendable, Hashable {
    package let text: String
    package let isProblem: Bool

    package init(_ text: String, isProblem: Bool = false) {
        self.text = text
        self.isProblem = isProblem
    }
}
