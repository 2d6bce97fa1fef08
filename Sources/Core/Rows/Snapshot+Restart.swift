// What a snapshot says of runs that do another one anew, or are done anew.

extension Snapshot {
    static func writeRestart(_ marks: RunMarks, to writer: inout JSONMemberWriter) {
        if let link = marks.restartedFrom {
            var object: JSONObject = ["run": .string(link.run.description)]
            if let step = link.fromStep { object["fromStep"] = JSON(step) }
            writer.member("restartedFrom", .object(object))
        }
        if let link = marks.restartedAs {
            writer.member(
                "restartedAs", ["run": .string(link.run.description), "steps": .array(link.steps.map { JSON($0) })])
        }
        if !marks.kept.isEmpty {
            let kept = marks.kept.map { kept -> JSON in
                ["step": JSON(kept.step), "run": .string(kept.run.description)]
            }
            writer.member("kept", .array(kept))
        }
    }

    static func readRestart(_ json: JSON, _ marks: inout RunMarks) {
        func run(_ json: JSON?) -> RunID? { json?["run"]?.string.flatMap { RunID($0) } }
        if let run = run(json["restartedFrom"]) {
            marks.restartedFrom = RestartLink(run: run, fromStep: json["restartedFrom"]?["fromStep"]?.int)
        }
        if let run = run(json["restartedAs"]) {
            let steps = (json["restartedAs"]?["steps"]?.array ?? []).compactMap(\.int)
            marks.restartedAs = RestartLink(run: run, steps: steps)
        }
        for kept in json["kept"]?.array ?? [] {
            guard let step = kept["step"]?.int, let run = run(kept) else { continue }
            marks.kept.append(KeptEffect(step: step, run: run))
        }
    }
}
