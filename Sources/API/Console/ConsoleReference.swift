import Console
import Core
import Hummingbird

/// The API explained: from what it says of itself, asked as any client asks it.
struct ConsoleReference: Sendable {
    @Sendable func overview(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        .page(try await page(visit).overview)
    }

    /// One kind of routes, or one of the pages that are of none.
    @Sendable func part(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let reference = APIReference(try await visit.get(DescriptionRoutes.openAPIPath))
        let page = ReferencePage(reference, visit.frame)
        switch try visit.pathText("part") {
        case "problems": return .page(page.problems)
        case "workflow-schema":
            let schema = try await visit.get(DescriptionRoutes.schemaPath)
            return .page(DefinitionReferencePage(schema, reference, visit.frame).html)
        case let slug:
            guard let html = page.group(slug) else { throw Self.unknown }
            return .page(html)
        }
    }

    @Sendable func schema(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        guard let html = try await page(visit).schema(try visit.pathText("name")) else { throw Self.unknown }
        return .page(html)
    }

    private func page(_ visit: ConsoleVisit) async throws -> ReferencePage {
        ReferencePage(APIReference(try await visit.get(DescriptionRoutes.openAPIPath)), visit.frame)
    }

    private static let unknown = Problem(.notFound, "The reference has no such page.")
}

extension ConsoleRoutes {
    /// Pages that explain the API.
    var referenceRoutes: [Route] {
        let reference = ConsoleReference()
        return [
            page("/reference", reference.overview), page("/reference/:part", reference.part),
            page("/reference/schemas/:name", reference.schema),
        ]
    }
}
