//! What the program refuses and no schema can: a named list, with a test for each name.
//!
//! Never holds a rule that JSON Schema could state: that belongs into the schema file.

/// One rule that the decoders and readers hold and a schema cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The rule's name, stable across versions.
    pub name: &'static str,
    /// Why a schema cannot state it.
    pub reason: &'static str,
}

/// Everything that code refuses although a schema accepts it, or never sees it.
pub const BEYOND_SCHEMA: [Beyond; 23] = [
    Beyond {
        name: "duplicate-keys",
        reason: "a schema sees a parsed object, in which a repeated key stands once",
    },
    Beyond {
        name: "text-encoding",
        reason: "bytes that are not UTF-8 or begin with a byte order mark are no JSON text, so \
                 that there is nothing to validate",
    },
    Beyond {
        name: "lone-surrogates",
        reason: "half of a surrogate pair is no text, and parsers differ in what they make of it",
    },
    Beyond {
        name: "one-document",
        reason: "a schema sees one parsed document, not what stands before or after it",
    },
    Beyond {
        name: "size",
        reason: "a schema counts characters and members, not the bytes of the whole document",
    },
    Beyond {
        name: "nesting-depth",
        reason: "a recursive schema cannot count how often it was entered",
    },
    Beyond {
        name: "integer-spelling",
        reason: "to a schema 1, 1.0 and 10e-1 are one integer; the program takes the first only",
    },
    Beyond {
        name: "integer-precision",
        reason: "an integer of more than 64 bits is rounded before a schema sees it, and may be \
                 rounded into the range that is allowed",
    },
    Beyond {
        name: "limit-in-digits",
        reason: "a pattern counts digits, so that 20 of them may be more than 64 bits hold",
    },
    Beyond {
        name: "bytes-of-a-text",
        reason: "a schema counts characters, while a path and a pattern are as long as their bytes",
    },
    Beyond {
        name: "regular-expressions",
        reason: "a schema knows another dialect, and neither the nesting of a pattern nor what it \
                 compiles to",
    },
    Beyond {
        name: "step-in-order",
        reason: "a schema cannot look up a key of one object among the items of a list",
    },
    Beyond {
        name: "expectation-has-a-file",
        reason: "a schema cannot look up a key of one object in another",
    },
    Beyond {
        name: "progress-file-apart",
        reason: "a schema cannot compare two texts of a document",
    },
    Beyond {
        name: "mission-among-files",
        reason: "a schema cannot look up a text among the keys of an object",
    },
    Beyond {
        name: "content-size",
        reason: "a schema sees the words that make a file, not how many bytes they make",
    },
    Beyond {
        name: "files-side-by-side",
        reason: "a schema cannot tell that one path leads through another path's file",
    },
    Beyond {
        name: "window-order",
        reason: "a schema cannot compare two numbers of a document",
    },
    Beyond {
        name: "canonical-spelling",
        reason: "white space, the order of members and escapes are gone once a document is parsed",
    },
    Beyond {
        name: "hash-of-a-member",
        reason: "a schema does not compute that a request's hash is that of the request beside it",
    },
    Beyond {
        name: "base64-of-text",
        reason: "a pattern does not decode base64, so that it sees neither bytes that are text nor \
                 digits whose last bits are lost",
    },
    Beyond {
        name: "host",
        reason: "a pattern knows the characters of a host, not which numbers and names there can be",
    },
    Beyond {
        name: "hash-chain",
        reason: "a schema computes no hash and compares no two documents",
    },
];
