//! Taking secrets out of requests and responses. A tape and a replay of it do the same, so that
//! what was redacted still matches.
//!
//! Known keys are those that the caller names and those that requests bring as credentials. The
//! mark in place of a key is the same for every key, so a replay with other keys, or with
//! placeholders, finds its requests again.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use turingos_run::tape::Body;
use turingos_secrets::{Key, Leak, REDACTED, Secrets};

use crate::entry::{RecordedRequest, RecordedResponse};

/// The most keys that are known; further ones are found by their shape only.
const MAX_KEYS: usize = 64;

/// The request headers that hold a key.
const CREDENTIAL_HEADERS: [&str; 5] = [
    "api-key",
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
];

/// The parameters of a query that hold a key, in lower case.
const CREDENTIAL_PARAMETERS: [&str; 8] = [
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "key",
    "secret",
    "token",
];

/// A text is taken for a key from so many bytes on, or from fewer if it has a digit.
const SURE_KEY_BYTES: usize = 16;

/// Takes secrets out of what is recorded or compared.
#[derive(Debug)]
pub struct Redaction {
    known: RwLock<Known>,
}

#[derive(Debug)]
struct Known {
    keys: Vec<Key>,
    secrets: Arc<Secrets>,
}

impl Redaction {
    /// Knows these keys, as far as they could be keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let secrets = Arc::new(Secrets::new(&[]));
        let known = Known {
            keys: Vec::new(),
            secrets,
        };
        let redaction = Self {
            known: RwLock::new(known),
        };
        for key in keys {
            redaction.learn(&key);
        }
        redaction
    }

    /// Takes the credentials of a request for keys from now on: its headers by name and value, and
    /// its query.
    pub fn learn_credentials<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        query: Option<&str>,
    ) {
        for (name, value) in headers {
            if CREDENTIAL_HEADERS.contains(&name) {
                // `Bearer KEY`, or the key alone.
                let key = value.split_once(' ').map_or(value, |(_, key)| key);
                self.learn(key.trim());
            }
        }
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            if let Some((name, value)) = parameter.split_once('=')
                && is_credential(name)
            {
                self.learn(value);
            }
        }
    }

    fn learn(&self, value: &str) {
        let is_sure = value.len() >= SURE_KEY_BYTES || value.bytes().any(|it| it.is_ascii_digit());
        let Ok(key) = Key::new(value.to_owned()) else {
            return;
        };
        let is_new = |known: &Known| known.keys.len() < MAX_KEYS && !known.keys.contains(&key);
        if !is_sure || !is_new(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if is_new(&known) {
            known.keys.push(key);
            let keys: Vec<&Key> = known.keys.iter().collect();
            known.secrets = Arc::new(Secrets::new(&keys));
        }
    }

    fn secrets(&self) -> Arc<Secrets> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.secrets)
    }

    /// The request without secrets; nothing if it has none.
    ///
    /// # Errors
    /// [`Leak`]: a secret that cannot be taken out.
    pub fn request(&self, request: &RecordedRequest) -> Result<Option<RecordedRequest>, Leak> {
        let secrets = self.secrets();
        let path = text(&secrets, "the request's path", &request.path)?;
        let query = match &request.query {
            Some(query) => Some(redacted_query(&secrets, query)?),
            None => None,
        };
        let headers = redacted_headers(&secrets, "a header of the request", &request.headers)?;
        let body = secrets.redact("the request's body", &request.body.0)?;
        let is_same = matches!(
            (&path, &body, &headers),
            (Cow::Borrowed(_), Cow::Borrowed(_), None)
        ) && query.as_ref() == request.query.as_ref();
        if is_same {
            return Ok(None);
        }
        Ok(Some(RecordedRequest {
            target: request.target.clone(),
            method: request.method.clone(),
            path: path.into_owned(),
            query,
            headers: headers.unwrap_or_else(|| request.headers.clone()),
            body: Body(body.into_owned()),
        }))
    }

    /// Takes the secrets out of a response. One that is redacted loses its length, which it no
    /// longer has.
    ///
    /// # Errors
    /// [`Leak`]: a secret that cannot be taken out.
    pub fn response(&self, response: &mut RecordedResponse) -> Result<(), Leak> {
        let secrets = self.secrets();
        let place = "a header of the response";
        if let Some(headers) = redacted_headers(&secrets, place, &response.headers)? {
            response.headers = headers;
        }
        if let Some(note) = &mut response.note {
            *note = text(&secrets, "the reason of the failure", note)?.into_owned();
        }
        let pieces: Vec<&[u8]> = (response.chunks.iter())
            .map(|chunk| chunk.bytes.0.as_slice())
            .collect();
        if let Some(pieces) = secrets.redact_pieces("the response's body", &pieces)? {
            for (chunk, piece) in response.chunks.iter_mut().zip(pieces) {
                chunk.bytes = Body(piece);
            }
            response
                .headers
                .retain(|(name, _)| name != "content-length");
        }
        Ok(())
    }

    /// Checks bytes that are written as they are, or not at all; `place` names the document.
    ///
    /// # Errors
    /// [`Leak`]: the first secret in them.
    pub fn check(&self, place: &'static str, bytes: &[u8]) -> Result<(), Leak> {
        self.secrets().check(place, bytes)
    }
}

fn text<'t>(secrets: &Secrets, place: &'static str, text: &'t str) -> Result<Cow<'t, str>, Leak> {
    Ok(match secrets.redact(place, text.as_bytes())? {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    })
}

/// The headers without secrets; nothing if they have none.
fn redacted_headers(
    secrets: &Secrets,
    place: &'static str,
    headers: &[(String, String)],
) -> Result<Option<Vec<(String, String)>>, Leak> {
    let mut redacted = Vec::new();
    let mut is_same = true;
    for (name, value) in headers {
        let value = text(secrets, place, value)?;
        is_same &= matches!(value, Cow::Borrowed(_));
        redacted.push((name.clone(), value.into_owned()));
    }
    Ok((!is_same).then_some(redacted))
}

fn is_credential(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    CREDENTIAL_PARAMETERS.contains(&name.as_str())
}

/// A query whose credentials are redacted by name, and other secrets by what they look like.
fn redacted_query(secrets: &Secrets, query: &str) -> Result<String, Leak> {
    let parameters = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) if is_credential(name) && !value.is_empty() => {
                format!("{name}={REDACTED}")
            }
            _ => parameter.to_owned(),
        });
    let parameters: Vec<String> = parameters.collect();
    let query = parameters.join("&");
    Ok(text(secrets, "the request's query", &query)?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, End, Origin};

    const KEY: &str = "own-key-of-the-agent-7";

    fn request(query: &str, body: &str) -> RecordedRequest {
        RecordedRequest {
            target: "gemini".into(),
            method: "POST".into(),
            path: "/v1".into(),
            query: Some(query.into()),
            headers: vec![("content-type".into(), "application/json".into())],
            body: Body(body.into()),
        }
    }

    #[test]
    fn credentials_of_a_request_are_redacted_from_then_on() {
        let redaction = Redaction::new([]);
        let echo = request("a=1", &format!("{{\"echo\":\"{KEY}\"}}"));
        assert_eq!(redaction.request(&echo).unwrap(), None);
        redaction.learn_credentials([("authorization", &*format!("Bearer {KEY}"))], None);
        let redacted = redaction.request(&echo).unwrap().unwrap();
        assert_eq!(redacted.body.0, b"{\"echo\":\"[redacted]\"}");
    }

    #[test]
    fn key_in_a_query_is_redacted_by_its_name() {
        let redaction = Redaction::new([]);
        let redacted = redaction
            .request(&request("alt=sse&Key=x&page=2", ""))
            .unwrap();
        assert_eq!(
            redacted.unwrap().query.as_deref(),
            Some("alt=sse&Key=[redacted]&page=2")
        );
        assert_eq!(redaction.request(&request("keyword=x", "")).unwrap(), None);
    }

    #[test]
    fn placeholder_is_not_a_key() {
        let redaction = Redaction::new(["placeholder".into(), "short".into()]);
        redaction.learn_credentials([("x-api-key", "placeholder"), ("x-other", KEY)], None);
        let talk = request("a=1", &format!("a placeholder and {KEY}"));
        assert_eq!(redaction.request(&talk).unwrap(), None);
    }

    #[test]
    fn redacted_response_loses_its_length_and_keeps_its_chunks() {
        let redaction = Redaction::new([KEY.into()]);
        let (left, right) = KEY.split_at(9);
        let chunk = |at_us, bytes: &str| Chunk {
            at_us,
            bytes: Body(bytes.into()),
        };
        let mut response = RecordedResponse {
            status: Some(200),
            headers: vec![("content-length".into(), "22".into())],
            head_us: 1,
            chunks: vec![chunk(2, left), chunk(3, right)],
            end: End::Whole,
            end_us: 4,
            origin: Origin::Upstream,
            injected: None,
            note: None,
        };
        redaction.response(&mut response).unwrap();
        assert_eq!(response.chunks, [chunk(2, REDACTED), chunk(3, "")]);
        assert!(response.headers.is_empty());
    }

    #[test]
    fn secret_in_a_code_names_its_place() {
        let redaction = Redaction::new([KEY.into()]);
        let leak = redaction
            .request(&request("a=1", &KEY.replace('-', "\\u002d")))
            .unwrap_err();
        assert_eq!(leak.place, "the request's body");
        assert!(!leak.to_string().contains(KEY));
    }
}
