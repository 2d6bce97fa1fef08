import Core
import Testing

@Suite("Schemas that are refused")
struct SchemaErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let schema: String
        let pointers: [String]
        let detail: String
        var testDescription: String { String(schema.prefix(120)) }

        init(_ schema: String, _ pointers: String..., detail: String = "") {
            (self.schema, self.pointers, self.detail) = (schema, pointers, detail)
        }
    }

    static let rows: [Row] = [
        Row("null", "", detail: "not null"), Row("[]", ""), Row("1", ""),
        Row(#"{"properties":{"a":[]}}"#, "/properties/a"),
        // Unknown, misspelt, older, or of other specifications
        Row(#"{"requried":["a"]}"#, "/requried", detail: "no keyword"), Row(#"{"Type":"string"}"#, "/Type"),
        Row(#"{"x-note":1}"#, "/x-note"), Row(#"{"definitions":{}}"#, "/definitions", detail: "$defs"),
        Row(#"{"dependencies":{}}"#, "/dependencies", detail: "dependentRequired"),
        Row(#"{"additionalItems":false}"#, "/additionalItems", detail: "prefixItems"),
        Row(#"{"nullable":true}"#, "/nullable", detail: "null"), Row(#"{"discriminator":{}}"#, "/discriminator"),
        Row(##"{"$anchor":"a"}"##, "/$anchor", detail: "Anchors"), Row(##"{"$dynamicRef":"#a"}"##, "/$dynamicRef"),
        Row(#"{"$dynamicAnchor":"a"}"#, "/$dynamicAnchor"), Row(#"{"$vocabulary":{}}"#, "/$vocabulary"),
        Row(#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#, "/$schema", detail: "2020-12"),
        Row(#"{"$schema":1}"#, "/$schema"), Row(#"{"items":{"$id":"a"}}"#, "/items/$id", detail: "whole"),
        Row(#"{"$id":1}"#, "/$id"), Row(#"{"not":{"$schema":"x"}}"#, "/not/$schema", "/not/$schema"),
        // References
        Row(##"{"$ref":"other.json"}"##, "/$ref", detail: "fetched"),
        Row(##"{"$ref":"https://x.example/a#/b"}"##, "/$ref"),
        Row(##"{"$ref":1}"##, "/$ref"), Row(##"{"$ref":"#/$defs/none"}"##, "/$ref", detail: "No schema"),
        Row(##"{"$ref":"#anchor"}"##, "/$ref"), Row(##"{"$ref":"#/%zz"}"##, "/$ref"),
        Row(##"{"$ref":"#/a~2"}"##, "/$ref"),
        Row(##"{"$ref":"#/%ff"}"##, "/$ref"),
        Row(##"{"enum":[{"type":"null"}],"not":{"$ref":"#/enum/0"}}"##, "/not/$ref"),
        Row(##"{"$defs":{"a":{}},"$ref":"#/$defs"}"##, "/$ref"),
        // What would never end
        Row(##"{"$ref":"#"}"##, "/$ref", detail: "never end"), Row(##"{"allOf":[{"$ref":"#"}]}"##, "/allOf/0/$ref"),
        Row(##"{"if":true,"else":{"not":{"$ref":"#"}}}"##, "/else/not/$ref"),
        Row(##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##, "/dependentSchemas/a/$ref"),
        Row(
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[true,{"$ref":"#/$defs/b"}]},"b":{"oneOf":[{"$ref":"#/$defs/a"}]}}}"##,
            "/$defs/a/anyOf/1/$ref"),
        // Values of keywords
        Row(#"{"type":"text"}"#, "/type", detail: "integer"), Row(#"{"type":[]}"#, "/type"),
        Row(#"{"type":1}"#, "/type"),
        Row(#"{"type":["string","string"]}"#, "/type"), Row(#"{"type":["string",null]}"#, "/type"),
        Row(#"{"enum":[]}"#, "/enum"), Row(#"{"enum":"a"}"#, "/enum"), Row(#"{"multipleOf":0}"#, "/multipleOf"),
        Row(#"{"multipleOf":-1}"#, "/multipleOf"), Row(#"{"multipleOf":"1"}"#, "/multipleOf"),
        Row(#"{"multipleOf":1.234567890123456789}"#, "/multipleOf", detail: "18 digits"),
        Row(#"{"maximum":"9"}"#, "/maximum"), Row(#"{"minimum":null}"#, "/minimum"),
        Row(#"{"exclusiveMaximum":true}"#, "/exclusiveMaximum"),
        Row(#"{"exclusiveMinimum":true}"#, "/exclusiveMinimum"),
        Row(#"{"maxLength":-1}"#, "/maxLength"), Row(#"{"minLength":1.5}"#, "/minLength"),
        Row(#"{"maxItems":"1"}"#, "/maxItems"), Row(#"{"minItems":null}"#, "/minItems"),
        Row(#"{"maxContains":-1,"minContains":1.5}"#, "/minContains", "/maxContains"),
        Row(#"{"maxProperties":[],"minProperties":{}}"#, "/maxProperties", "/minProperties"),
        Row(#"{"uniqueItems":"yes"}"#, "/uniqueItems"), Row(#"{"items":[true]}"#, "/items", detail: "prefixItems"),
        Row(#"{"prefixItems":[]}"#, "/prefixItems"), Row(#"{"prefixItems":{}}"#, "/prefixItems"),
        Row(#"{"pattern":1}"#, "/pattern"), Row(#"{"pattern":"(?=a)"}"#, "/pattern", detail: "Lookahead"),
        Row(#"{"pattern":"(a)\\1"}"#, "/pattern", detail: "Back references"),
        Row(#"{"patternProperties":{"(":true}}"#, "/patternProperties/("),
        Row(#"{"format":"regex"}"#, "/format", detail: "date-time"), Row(#"{"format":1}"#, "/format"),
        Row(#"{"properties":[]}"#, "/properties"), Row(#"{"required":"a"}"#, "/required"),
        Row(#"{"required":["a","a"]}"#, "/required/1", detail: "twice"), Row(#"{"required":[1]}"#, "/required/0"),
        Row(#"{"dependentRequired":{"a":"b"}}"#, "/dependentRequired/a"),
        Row(#"{"dependentSchemas":{"a":["b"]}}"#, "/dependentSchemas/a"),
        Row(#"{"allOf":[]}"#, "/allOf"), Row(#"{"anyOf":{}}"#, "/anyOf"), Row(#"{"oneOf":[1]}"#, "/oneOf/0"),
        Row(#"{"not":"a"}"#, "/not"), Row(#"{"if":1,"then":2,"else":3}"#, "/if", "/then", "/else"),
        Row(#"{"$defs":{"a":1}}"#, "/$defs/a"), Row(#"{"contentSchema":1}"#, "/contentSchema"),
        // Annotations
        Row(#"{"title":1,"description":[],"$comment":null}"#, "/$comment", "/title", "/description"),
        Row(#"{"deprecated":"yes","readOnly":1,"writeOnly":null}"#, "/deprecated", "/readOnly", "/writeOnly"),
        Row(
            #"{"examples":1,"contentEncoding":1,"contentMediaType":1}"#, "/contentEncoding", "/contentMediaType",
            "/examples"),
    ]

    @Test("each broken rule is refused at its place", arguments: rows)
    func refuses(_ row: Row) throws {
        let json = try JSON(parsing: row.schema)
        let error = #expect(throws: SchemaErrors.self) { try InputSchema(json) }
        #expect(error?.errors.map(\.pointer.description) == row.pointers, "\(String(describing: error?.errors))")
        #expect(error?.errors.first?.detail.contains(row.detail) == true, "\(String(describing: error?.errors))")
    }

    @Test("annotations are accepted and say nothing about values")
    func annotations() throws {
        let schema = try InputSchema(
            JSON(
                parsing: ##"""
                    {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://x.example/order",
                     "$comment": "c", "title": "t", "description": "d", "default": 1, "deprecated": true,
                     "readOnly": true, "writeOnly": false, "examples": [1, "a"], "contentEncoding": "base64",
                     "contentMediaType": "application/json", "contentSchema": {"type": "object"},
                     "$defs": {"unused": false}}
                    """##))
        for value: JSON in [nil, 1, "a", [], [:]] {
            var operations = 100
            #expect(schema.verdict(on: value, operations: &operations) == .valid)
        }
    }
}
