/// Icons, drawn in the page. They repeat what a word beside them says, so they are hidden from screen readers.
package enum Icon: Sendable {
    case pending, running, done, undoing, undone, cancelled, failed, paused, skipped, waiting, unknown
    case now, runs, search, live, copy, warning, engine, external
    case workflow, reference, tenants, key, audit

    /// 16 by 16, in the colour of the text around it.
    package var svg: HTML {
        #"<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">\#(shape)</svg>"#
    }

    private var shape: HTML {
        switch self {
        case .pending: #"<circle cx="8" cy="8" r="5.5" class="line" stroke-dasharray="2.2 2.2"/>"#
        case .running: #"<circle cx="8" cy="8" r="5.5" class="line"/><path d="M6.5 5.2v5.6L11 8z" class="fill"/>"#
        case .done: #"<circle cx="8" cy="8" r="6.2" class="fill"/><path d="M5 8.3l2.1 2.1L11 6" class="cut"/>"#
        case .undoing: #"<path d="M3 8a5 5 0 1 0 1.7-3.8" class="line"/><path d="M5.6 1.6L4.4 4.5l3 1" class="line"/>"#
        case .undone:
            #"<circle cx="8" cy="8" r="6.2" class="fill"/><path d="M10.8 10.4a3.2 3.2 0 1 0-5-3.3M5.3 4.6l.3 2.7 2.6-.5" class="cut"/>"#
        case .cancelled: #"<circle cx="8" cy="8" r="5.5" class="line"/><path d="M4.2 11.8l7.6-7.6" class="line"/>"#
        case .failed: #"<path d="M8 1.4L15 14H1z" class="fill"/><path d="M8 6v4M8 11.6v.9" class="cut"/>"#
        case .paused:
            #"<rect x="3.5" y="3" width="3" height="10" class="fill"/><rect x="9.5" y="3" width="3" height="10" class="fill"/>"#
        case .skipped: #"<path d="M3 4l5 4-5 4zM8 4l5 4-5 4z" class="fill"/>"#
        case .waiting: #"<circle cx="8" cy="8" r="5.8" class="line"/><path d="M8 4.6V8l2.4 1.6" class="line"/>"#
        case .unknown:
            #"<path d="M8 1.5L14.5 8 8 14.5 1.5 8z" class="line"/><path d="M6.3 6.6a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.5-.7 1M8 10.9v.7" class="line"/>"#
        case .now: #"<path d="M1.5 9h3l2-5.5 3 9 2-5h3" class="line"/>"#
        case .reference:
            #"<path d="M2.5 3h4A1.5 1.5 0 0 1 8 4.5V13.5A1.5 1.5 0 0 0 6.5 12h-4zM13.5 3h-4A1.5 1.5 0 0 0 8 4.5V13.5A1.5 1.5 0 0 1 9.5 12h4z" class="line"/>"#
        case .runs: #"<path d="M2.5 4h11M2.5 8h11M2.5 12h7" class="line"/>"#
        case .search: #"<circle cx="7" cy="7" r="4.2" class="line"/><path d="M10.2 10.2L14 14" class="line"/>"#
        case .live: #"<circle cx="8" cy="8" r="3" class="fill"/><circle cx="8" cy="8" r="6" class="line"/>"#
        case .copy: #"<rect x="5" y="5" width="8" height="9" rx="1" class="line"/><path d="M3 11V2h8" class="line"/>"#
        case .warning: #"<path d="M8 2l6.5 11.5h-13z" class="line"/><path d="M8 6.5v3.4M8 11.4v.5" class="line"/>"#
        case .engine:
            #"<rect x="2" y="3" width="12" height="4" rx="1" class="line"/><rect x="2" y="9" width="12" height="4" rx="1" class="line"/><path d="M4.5 5h.1M4.5 11h.1" class="line"/>"#
        case .workflow:
            #"<circle cx="3.5" cy="8" r="2" class="line"/><circle cx="12.5" cy="3.5" r="2" class="line"/><circle cx="12.5" cy="12.5" r="2" class="line"/><path d="M5.4 7.1l5.2-2.7M5.4 8.9l5.2 2.7" class="line"/>"#
        case .tenants:
            #"<circle cx="5.5" cy="5.5" r="2.5" class="line"/><path d="M1.5 13.5c.3-3 1.8-4 4-4s3.7 1 4 4M10.5 3.3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.5.4 2.3 1.6 2.5 3.7" class="line"/>"#
        case .key:
            #"<circle cx="5" cy="11" r="3" class="line"/><path d="M7.2 8.8L13.5 2.5M11 5l2 2M8.8 7.2l1.5 1.5" class="line"/>"#
        case .audit: #"<path d="M3.5 1.5h6.5l3 3v10h-9.5zM6 6.5h4.5M6 9h4.5M6 11.5h3" class="line"/>"#
        case .external: #"<path d="M6 3H3v10h10v-3M9 2.5h4.5V7M13 3L7.5 8.5" class="line"/>"#
        }
    }
}
