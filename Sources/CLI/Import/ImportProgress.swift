/// How far an import is, on standard error: a line that changes on a terminal, a line every two seconds elsewhere.
struct ImportProgress {
    private let isLive: Bool
    private var lastShown = ContinuousClock.now
    private var isShown = false

    init(isLive: Bool) { self.isLive = isLive }

    mutating func show(_ text: @autoclosure () -> String) {
        let now = ContinuousClock.now
        guard now - lastShown >= (isLive ? .milliseconds(100) : .seconds(2)) else { return }
        lastShown = now
        if isLive {
            isShown = true
            Console.show("\r\(text())\u{1B}[K")
        } else {
            Console.complain(text())
        }
    }

    /// Takes the line away, for what follows.
    mutating func clear() {
        if isShown { Console.show("\r\u{1B}[K") }
        isShown = false
    }
}
