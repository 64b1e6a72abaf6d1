//! The rules that the program enforces and JSON Schema cannot express, by name.
//!
//! Each has a test. A rule that a schema can express belongs into the schema file instead.

/// One rule that the program enforces and a schema cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The rule's name, stable across versions.
    pub name: &'static str,
    /// Why a schema cannot express it.
    pub reason: &'static str,
}

/// Every rule by which the program refuses what a schema accepts or does not see.
pub const BEYOND_SCHEMA: [Beyond; 23] = [
    Beyond {
        name: "duplicate-keys",
        reason: "a schema sees a parsed object, which has each key only once",
    },
    Beyond {
        name: "text-encoding",
        reason: "bytes that are not UTF-8 or start with a byte order mark are not JSON, so there \
                 is no document to validate",
    },
    Beyond {
        name: "lone-surrogates",
        reason: "half of a surrogate pair is not text, and parsers treat it differently",
    },
    Beyond {
        name: "one-document",
        reason: "a schema sees one parsed document, not the bytes before or after it",
    },
    Beyond {
        name: "size",
        reason: "a schema counts characters and members, not the bytes of the whole document",
    },
    Beyond {
        name: "nesting-depth",
        reason: "a recursive schema cannot count its own depth",
    },
    Beyond {
        name: "integer-spelling",
        reason: "a schema treats 1, 1.0 and 10e-1 alike; the program accepts only the first",
    },
    Beyond {
        name: "integer-precision",
        reason: "an integer beyond 64 bits is rounded before a schema sees it, possibly into the \
                 allowed range",
    },
    Beyond {
        name: "limit-in-digits",
        reason: "a pattern counts digits, and 20 digits can exceed 64 bits",
    },
    Beyond {
        name: "bytes-of-a-text",
        reason: "a schema counts characters, but the length of a path or a pattern is in bytes",
    },
    Beyond {
        name: "regular-expressions",
        reason: "a schema uses another dialect and limits neither the nesting of a pattern nor its \
                 compiled size",
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
        reason: "a schema sees the recipe of a file, not its size in bytes",
    },
    Beyond {
        name: "files-side-by-side",
        reason: "a schema cannot detect that one path is a parent of another",
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
        reason: "a schema cannot compute the hash of the request beside it",
    },
    Beyond {
        name: "base64-of-text",
        reason: "a pattern cannot decode base64, so it detects neither bytes that are text nor unused \
                 bits in the last digit",
    },
    Beyond {
        name: "host",
        reason: "a pattern checks the characters of a host, not its numbers and labels",
    },
    Beyond {
        name: "hash-chain",
        reason: "a schema cannot compute a hash or compare two documents",
    },
];
