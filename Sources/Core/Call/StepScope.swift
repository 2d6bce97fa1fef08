/// What a step can name: what its run knows and, of an element, its entry. What an element names of its own step is its own.
package struct StepScope: Scope {
    let run: Run
    let step: Int

    package init(run: Run, step: Int) {
        self.run = run
        self.step = step
    }

    package func value(_ root: Reference.Root) -> JSON? {
        guard let place = run.place(of: step) else { return run.value(root) }
        switch root {
        case .item(let name):
            return place.step.forEach?.itemName == name ? run.item(place.list, place.element) : nil
        case .index: return JSON(place.element)
        case .step(place.step.id, let member): return run.steps[step].value(member)
        case .input, .context, .run, .step, .attempt, .response, .payload: return run.value(root)
        }
    }
}
