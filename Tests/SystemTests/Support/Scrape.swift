import Testing

/// What a process answered to a scrape, as samples.
struct Scrape {
    /// By `name{labels}`, as it was written.
    let samples: [String: Double]
    /// As it came.
    let text: String

    init(_ system: Deployment, port: Int) async throws {
        let answer = try await system.http.send("GET", port: port, "/metrics")
        try #require(answer.status == 200)
        text = answer.text
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "), "\(line)")
            let value: Double = try #require(Double(line[line.index(after: space)...]), "\(line)")
            samples[String(line[..<space])] = value
        }
        self.samples = samples
    }

    /// All samples of a metric whose labels hold `part`, added up.
    func sum(_ name: String, _ part: String = "") -> Int {
        Int(
            samples.filter { ($0.key == name || $0.key.hasPrefix(name + "{")) && $0.key.contains(part) }.values.reduce(
                0, +))
    }
}

extension [Scrape] {
    /// Over all processes.
    func sum(_ name: String, _ part: String = "") -> Int { reduce(0) { $0 + $1.sum(name, part) } }
}
