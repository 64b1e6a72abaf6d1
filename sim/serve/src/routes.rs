//! The routes: paths, methods and their handlers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use turingos::bus::Provider;

use super::answer::{Answer, Content};
use super::connection::Fate;
use super::endpoint::{Endpoint, provider_of_path};
use super::refusal::{Reason, Refusal};
use super::response::{read_body, respond};
use super::{Desk, discovery, refused, request_id};

pub(super) fn of(desk: Arc<Desk>) -> Router {
    let mut routes = Router::new();
    for &endpoint in Endpoint::ALL {
        for path in endpoint.paths() {
            let handler = move |State(desk): State<Arc<Desk>>,
                                ConnectInfo(fate): ConnectInfo<Fate>,
                                body: Body| async move {
                let answer = match read_body(body).await {
                    Ok(body) => desk.answer(endpoint, body).await,
                    Err(refusal) => desk.refuse(endpoint, &refusal),
                };
                respond(endpoint.provider(), answer, &fate)
            };
            routes = routes.route(path, post(handler));
        }
    }
    routes
        .route("/", get(greeting))
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model))
        .route("/anthropic/v1/models", get(messages_models))
        .route("/coding/v1/models", get(messages_models))
        .route("/api/tags", get(tags))
        .route("/api/version", get(version))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(desk)
}

fn plain(provider: Provider, answer: Answer) -> Response {
    respond(provider, answer, &Fate::default())
}

fn document(provider: Provider, value: &Value) -> Response {
    let body = value.to_string().into_bytes();
    plain(provider, Answer::json(200, body, request_id(0)))
}

async fn greeting() -> Response {
    let answer = Answer::json(200, discovery::GREETING.into(), request_id(0));
    let answer = Answer {
        content: Content::Text,
        ..answer
    };
    plain(Provider::Ollama, answer)
}

/// Two providers share this path; clients of the messages API always send its version header.
async fn models(headers: HeaderMap) -> Response {
    if headers.contains_key("anthropic-version") {
        return messages_models().await;
    }
    document(Provider::OpenAi, &discovery::openai_models())
}

async fn model(State(desk): State<Arc<Desk>>, Path(name): Path<String>) -> Response {
    match discovery::openai_model_named(&name) {
        Some(model) => document(Provider::OpenAi, &model),
        None => {
            let message = format!("the model {name:?} does not exist");
            refuse(&desk, Provider::OpenAi, Reason::NotFound, message)
        }
    }
}

async fn messages_models() -> Response {
    document(Provider::Kimi, &discovery::messages_models())
}

async fn tags() -> Response {
    document(Provider::Ollama, &discovery::ollama_models())
}

async fn version() -> Response {
    document(Provider::Ollama, &discovery::ollama_version())
}

async fn unknown_path(State(desk): State<Arc<Desk>>, uri: Uri) -> Response {
    let path = uri.path();
    let message = format!("there is no endpoint at {path:?}");
    refuse(&desk, provider_of_path(path), Reason::NotFound, message)
}

async fn wrong_method(State(desk): State<Arc<Desk>>, uri: Uri) -> Response {
    let path = uri.path();
    let message = format!("{path:?} does not accept this method");
    refuse(&desk, provider_of_path(path), Reason::WrongMethod, message)
}

fn refuse(desk: &Desk, provider: Provider, reason: Reason, message: String) -> Response {
    desk.refused.fetch_add(1, Ordering::Relaxed);
    plain(provider, refused(provider, &Refusal::new(reason, message)))
}
