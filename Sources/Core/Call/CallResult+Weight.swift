extension CallResult {
    /// The same, unless its output would make the run too heavy: then it is as an answer that is too large by itself.
    package func fitting(_ run: Run) -> CallResult {
        // Most outputs are small, and looking at all the others would cost every call.
        guard let output, output.footprint > JSON.compactFrom else { return self }
        guard run.weight + output.footprint > Run.maxWeight else { return self }
        var result = self
        result.outcome = .unknown
        result.output = nil
        result.failure = Failure(
            kind: Outcome.unknown.rawValue,
            message: "With this answer the payloads of the run would take more than \(Run.maxWeight >> 20) MiB.",
            httpStatus: httpStatus)
        return result
    }
}
