//! Raw bytes on a tape, kept exactly: text where they are UTF-8, base64 where they are not.
//!
//! Never has two spellings: bytes that are text are never read from base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bytes of a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

/// How the bytes are spelled.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Spelling<T> {
    Text(T),
    Base64(T),
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Spelling::Text(text).serialize(serializer),
            Err(_) => Spelling::Base64(&*STANDARD.encode(&self.0)).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Spelling::<String>::deserialize(deserializer)? {
            Spelling::Text(text) => Ok(Self(text.into_bytes())),
            Spelling::Base64(text) => {
                let bytes = STANDARD
                    .decode(&text)
                    .map_err(|error| D::Error::custom(format_args!("not base64: {error}")))?;
                match std::str::from_utf8(&bytes) {
                    Ok(_) => Err(D::Error::custom("base64 of bytes that are text")),
                    Err(_) => Ok(Self(bytes)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text_and_other_bytes_are_base64() {
        for (bytes, spelled) in [
            (b"".as_slice(), r#"{"text":""}"#),
            (b"a\"\n\xe2\x82\xac", "{\"text\":\"a\\\"\\n\u{20ac}\"}"),
            (b"\xff\x00", r#"{"base64":"/wA="}"#),
        ] {
            let body = Body(bytes.to_vec());
            assert_eq!(serde_json::to_string(&body).unwrap(), spelled);
            assert_eq!(serde_json::from_str::<Body>(spelled).unwrap(), body);
        }
    }

    #[test]
    fn body_has_one_spelling() {
        for other in [
            r#"{"base64":"YQ=="}"#,
            r#"{"base64":"/wA"}"#,
            r#"{"base64":"/w B"}"#,
            r#"{"text":"a","base64":"/wA="}"#,
            r#"{"hex":"ff"}"#,
            r#""a""#,
        ] {
            assert!(serde_json::from_str::<Body>(other).is_err(), "{other}");
        }
    }
}
