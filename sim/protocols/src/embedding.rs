//! Seeded vectors of texts: texts with words in common have vectors that are near one another.
//!
//! A vector is the sum of the vectors of its text's words, scaled to length 1. All of it is
//! computed in integers; a number is written with nine places.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use turingos::Digest;
use turingos_agents::json_text::push_number;
use turingos_draws::{Draws, Stream};

use super::agent::key_of;
use super::endpoint::Endpoint;
use super::request::{EmbedRequest, Encoding, ParsedRequest};

/// How many words of a text have vectors of their own; the rest counts as one word.
const MAX_WORDS: usize = 256;

/// One, in units of the last written place.
const ONE: i64 = 1_000_000_000;

/// The body that answers a request for vectors.
pub(super) fn body(seed: u64, request: &ParsedRequest, asked: &EmbedRequest) -> Vec<u8> {
    let mut out = Vec::new();
    let model = Value::from(request.model.as_str()).to_string();
    let vectors = asked.inputs.iter().map(|text| {
        let numbers = vector(seed, &request.model, text, asked.dimensions);
        written(&numbers, asked.encoding)
    });
    match request.endpoint {
        Endpoint::OllamaEmbeddings => {
            out.extend_from_slice(br#"{"embedding":"#);
            vectors.for_each(|vector| out.extend_from_slice(vector.as_bytes()));
            out.extend_from_slice(b"}");
        }
        Endpoint::OllamaEmbed => {
            out.extend_from_slice(format!(r#"{{"model":{model},"embeddings":["#).as_bytes());
            for (index, vector) in vectors.enumerate() {
                out.extend_from_slice(if index == 0 { b"" } else { b"," });
                out.extend_from_slice(vector.as_bytes());
            }
            out.extend_from_slice(br#"],"total_duration":14143917,"load_duration":1019500,"#);
            out.extend_from_slice(br#""prompt_eval_count":"#);
            push_number(&mut out, request.tokens);
            out.extend_from_slice(b"}");
        }
        _ => {
            out.extend_from_slice(br#"{"object":"list","data":["#);
            for (index, vector) in vectors.enumerate() {
                out.extend_from_slice(if index == 0 { b"" } else { b"," });
                out.extend_from_slice(br#"{"object":"embedding","index":"#);
                push_number(&mut out, index as u64);
                out.extend_from_slice(format!(r#","embedding":{vector}}}"#).as_bytes());
            }
            out.extend_from_slice(format!(r#"],"model":{model},"usage":"#).as_bytes());
            for (name, close) in [("{\"prompt_tokens\":", ","), ("\"total_tokens\":", "}}")] {
                out.extend_from_slice(name.as_bytes());
                push_number(&mut out, request.tokens);
                out.extend_from_slice(close.as_bytes());
            }
        }
    }
    out
}

/// The vector of a text, of length 1 but for rounding.
fn vector(seed: u64, model: &str, text: &str, dimensions: usize) -> Vec<i64> {
    let mut sums = vec![0_i64; dimensions];
    let mut words = text.split_whitespace();
    for word in words.by_ref().take(MAX_WORDS) {
        add(seed, model, &word.to_lowercase(), &mut sums);
    }
    let rest: String = words.collect();
    let is_nothing = sums.iter().all(|sum| *sum == 0);
    if is_nothing || !rest.is_empty() {
        add(seed, model, &rest, &mut sums);
    }
    let squares: u64 = sums.iter().map(|sum| sum.unsigned_abs().pow(2)).sum();
    let length = i64::try_from(squares.isqrt().max(1)).unwrap_or(i64::MAX);
    sums.iter().map(|sum| sum * ONE / length).collect()
}

/// Adds the vector of a word: components of 16 bits, so that sums and their squares fit.
fn add(seed: u64, model: &str, word: &str, sums: &mut [i64]) {
    let hash = Digest::of_parts(&[model.as_bytes(), b"\n", word.as_bytes()]);
    let mut draws = Draws::keyed(seed, Stream::Embedding, key_of(&hash));
    for part in sums.chunks_mut(4) {
        let bytes = draws.next_u64().to_le_bytes();
        let (pairs, _) = bytes.as_chunks::<2>();
        for (sum, pair) in part.iter_mut().zip(pairs) {
            *sum += i64::from(i16::from_le_bytes(*pair));
        }
    }
}

fn written(numbers: &[i64], encoding: Encoding) -> String {
    let places = |number: &i64| {
        let sign = if *number < 0 { "-" } else { "" };
        let magnitude = number.unsigned_abs();
        let one = ONE.unsigned_abs();
        format!("{sign}{}.{:09}", magnitude / one, magnitude % one)
    };
    match encoding {
        Encoding::Numbers => {
            let numbers: Vec<String> = numbers.iter().map(places).collect();
            format!("[{}]", numbers.join(","))
        }
        Encoding::Base64 => {
            // A float is read from its text, so that both encodings say the same.
            let floats = numbers.iter().map(|it| places(it).parse().unwrap_or(0_f32));
            let bytes: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
            format!("\"{}\"", STANDARD.encode(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(left: &[i64], right: &[i64]) -> i64 {
        let products = left.iter().zip(right).map(|(a, b)| a * b / ONE);
        products.sum()
    }

    #[test]
    fn texts_with_common_words_are_near() {
        let of = |text| vector(7, "m", text, 512);
        let cat = of("the cat sat on the mat");
        assert!((cosine(&cat, &cat) - ONE).abs() < 1_000);
        let near = cosine(&cat, &of("the cat lay on the mat"));
        let far = cosine(&cat, &of("quarterly revenue grew by nine percent"));
        assert!(near > ONE / 2 && far.abs() < ONE / 4, "{near} {far}");
        assert_eq!(of("The  Cat"), of("the cat"));
        assert_ne!(vector(8, "m", "the cat", 512), of("the cat"));
        assert_ne!(vector(7, "n", "the cat", 512), of("the cat"));
    }

    #[test]
    fn long_and_blank_texts_have_vectors() {
        let long = "word ".repeat(MAX_WORDS);
        let of = |text: &str| vector(7, "m", text, 7);
        assert_ne!(of(&long), of(&format!("{long}more")));
        assert_ne!(of(" "), [0; 7]);
    }

    #[test]
    fn both_encodings_say_the_same() {
        let numbers = [0, -1, ONE, -ONE / 3];
        let text = written(&numbers, Encoding::Numbers);
        assert_eq!(text, "[0.000000000,-0.000000001,1.000000000,-0.333333333]");
        let base64 = written(&numbers, Encoding::Base64);
        let bytes = STANDARD.decode(base64.trim_matches('"')).unwrap();
        let expected = [0.0_f32, -1e-9, 1.0, -0.333_333_34];
        assert_eq!(bytes, expected.map(f32::to_le_bytes).concat());
    }
}
