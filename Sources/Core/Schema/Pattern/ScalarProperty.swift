/// A property of characters that `\p{…}` can name.
enum ScalarProperty: Sendable {
    /// Any of these general categories.
    case category([Unicode.GeneralCategory])
    case any, ascii, alphabetic, lowercase, uppercase, whitespace, emoji

    /// By what stands between the braces; nil when it is not known.
    init?(_ name: String) {
        var name = name
        for prefix in ["General_Category=", "gc="] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
            guard let categories = Self.categories[name] else { return nil }
            self = .category(categories)
            return
        }
        switch name {
        case "Any": self = .any
        case "ASCII": self = .ascii
        case "Alphabetic", "Alpha": self = .alphabetic
        case "Lowercase", "Lower": self = .lowercase
        case "Uppercase", "Upper": self = .uppercase
        case "White_Space", "space": self = .whitespace
        case "Emoji": self = .emoji
        default:
            guard let categories = Self.categories[name] else { return nil }
            self = .category(categories)
        }
    }

    func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .category(let categories): categories.contains(scalar.properties.generalCategory)
        case .any: true
        case .ascii: scalar.isASCII
        case .alphabetic: scalar.properties.isAlphabetic
        case .lowercase: scalar.properties.isLowercase
        case .uppercase: scalar.properties.isUppercase
        case .whitespace: scalar.properties.isWhitespace
        case .emoji: scalar.properties.isEmoji
        }
    }

    /// Names and aliases of general categories (PropertyValueAliases of the Unicode Character Database).
    private static let categories: [String: [Unicode.GeneralCategory]] = {
        let single: KeyValuePairs<String, (names: String, category: Unicode.GeneralCategory)> = [
            "Lu": ("Uppercase_Letter", .uppercaseLetter), "Ll": ("Lowercase_Letter", .lowercaseLetter),
            "Lt": ("Titlecase_Letter", .titlecaseLetter), "Lm": ("Modifier_Letter", .modifierLetter),
            "Lo": ("Other_Letter", .otherLetter), "Mn": ("Nonspacing_Mark", .nonspacingMark),
            "Mc": ("Spacing_Mark", .spacingMark), "Me": ("Enclosing_Mark", .enclosingMark),
            "Nd": ("Decimal_Number digit", .decimalNumber), "Nl": ("Letter_Number", .letterNumber),
            "No": ("Other_Number", .otherNumber), "Pc": ("Connector_Punctuation", .connectorPunctuation),
            "Pd": ("Dash_Punctuation", .dashPunctuation), "Ps": ("Open_Punctuation", .openPunctuation),
            "Pe": ("Close_Punctuation", .closePunctuation), "Pi": ("Initial_Punctuation", .initialPunctuation),
            "Pf": ("Final_Punctuation", .finalPunctuation), "Po": ("Other_Punctuation", .otherPunctuation),
            "Sm": ("Math_Symbol", .mathSymbol), "Sc": ("Currency_Symbol", .currencySymbol),
            "Sk": ("Modifier_Symbol", .modifierSymbol), "So": ("Other_Symbol", .otherSymbol),
            "Zs": ("Space_Separator", .spaceSeparator), "Zl": ("Line_Separator", .lineSeparator),
            "Zp": ("Paragraph_Separator", .paragraphSeparator), "Cc": ("Control cntrl", .control),
            "Cf": ("Format", .format), "Cs": ("Surrogate", .surrogate), "Co": ("Private_Use", .privateUse),
            "Cn": ("Unassigned", .unassigned),
        ]
        let groups: KeyValuePairs = [
            "L": "Letter", "M": "Mark Combining_Mark", "N": "Number", "P": "Punctuation punct", "S": "Symbol",
            "Z": "Separator", "C": "Other",
        ]
        var categories: [String: [Unicode.GeneralCategory]] = [:]
        for (letters, (names, category)) in single {
            for name in [letters] + names.split(separator: " ").map(String.init) { categories[name] = [category] }
        }
        for (letter, names) in groups {
            let members = single.filter { $0.key.hasPrefix(letter) }.map(\.value.category)
            for name in [letter] + names.split(separator: " ").map(String.init) { categories[name] = members }
        }
        categories["LC"] = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
        categories["Cased_Letter"] = categories["LC"]
        return categories
    }()
}
