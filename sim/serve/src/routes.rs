//! The routes: paths, methods and their handlers.

use std::sync::Arc;

use axum::body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, head, post};
use axum::{Extension, Router};
use serde_json::Value;
use turingos::bus::Provider;
use turingos_loopback::{BodyFault, Fate, HeldBody, foreign_host};

use super::response::respond;
use super::{Desk, refused};
use turingos_protocols::agent::request_id;
use turingos_protocols::answer::{Answer, Content};
use turingos_protocols::discovery;
use turingos_protocols::endpoint::{Endpoint, provider_of_path};
use turingos_protocols::refusal::{Reason, Refusal};
use turingos_protocols::request::MAX_REQUEST_BYTES;

pub(super) fn of(desk: Arc<Desk>) -> Router {
    let mut routes = Router::new();
    for &endpoint in Endpoint::ALL {
        for path in endpoint.paths() {
            let handler = move |State(desk): State<Arc<Desk>>,
                                Extension(fate): Extension<Fate>,
                                body: body::Body| async move {
                let answer = match HeldBody::read(body, MAX_REQUEST_BYTES, &desk.room).await {
                    Ok(body) => desk.answer(endpoint, body).await,
                    Err(fault) => desk.refuse(endpoint, &refusal_of(&fault)),
                };
                respond(endpoint.provider(), answer, &fate)
            };
            routes = routes.route(path, post(handler));
        }
    }
    // A client may greet the address that it was given before it asks, as `sim live` does.
    for base in ["/v1", "/anthropic", "/coding"] {
        routes = routes.route(base, head(greeting));
    }
    routes
        .route("/", get(greeting))
        .route("/v1/models", get(models))
        .route("/v1/models/{*name}", get(model))
        .route("/anthropic/v1/models", get(messages_models))
        .route("/anthropic/v1/models/{*name}", get(messages_model))
        .route("/coding/v1/models", get(messages_models))
        .route("/coding/v1/models/{*name}", get(messages_model))
        .route("/api/show", post(show))
        .route("/api/tags", get(tags))
        .route("/api/version", get(version))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&desk), refuse_foreign_host))
        .with_state(desk)
}

/// The refusal of a request whose body was not read.
fn refusal_of(fault: &BodyFault) -> Refusal {
    let reason = match fault {
        BodyFault::TooLarge(_) => Reason::TooLarge,
        BodyFault::TooSlow => Reason::TooSlow,
        BodyFault::Busy => Reason::Busy,
        BodyFault::Broken(_) => Reason::Malformed,
    };
    Refusal::new(reason, fault.to_string())
}

async fn refuse_foreign_host(
    State(desk): State<Arc<Desk>>,
    request: Request,
    next: Next,
) -> Response {
    let foreign = foreign_host(request.uri(), request.headers(), &desk.allowed_hosts);
    if let Some(host) = foreign {
        let message =
            format!("this server is not the host {host:?}; allow it with `sim serve --allow-host`");
        let provider = provider_of_path(request.uri().path());
        return refuse(&desk, provider, Reason::ForeignHost, message);
    }
    next.run(request).await
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

async fn model(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key("anthropic-version") {
        return messages_model(State(desk), Path(name)).await;
    }
    listed(
        &desk,
        Provider::OpenAi,
        discovery::openai_model_named(&name),
        &name,
    )
}

async fn messages_model(State(desk): State<Arc<Desk>>, Path(name): Path<String>) -> Response {
    listed(
        &desk,
        Provider::Kimi,
        discovery::messages_model_named(&name),
        &name,
    )
}

fn listed(desk: &Desk, provider: Provider, model: Option<Value>, name: &str) -> Response {
    match model {
        Some(model) => document(provider, &model),
        None => {
            let message = format!("the model {name:?} does not exist");
            refuse(desk, provider, Reason::NotFound, message)
        }
    }
}

async fn show(State(desk): State<Arc<Desk>>, body: body::Body) -> Response {
    let body = HeldBody::read(body, MAX_REQUEST_BYTES, &desk.room).await;
    let shown = body.map_err(|fault| refusal_of(&fault));
    match shown.and_then(|body| discovery::ollama_model(&body.bytes)) {
        Ok(model) => document(Provider::Ollama, &model),
        Err(refusal) => refuse(&desk, Provider::Ollama, refusal.reason, refusal.message),
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
    desk.count_refused();
    plain(provider, refused(provider, &Refusal::new(reason, message)))
}
