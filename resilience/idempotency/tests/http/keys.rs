use std::convert::Infallible;
use std::error::Error as StdError;

use axum::body::Body;
use http::{HeaderValue, Method, Request};
use mainstay_idempotency::{
    Fingerprint, IdempotencyBody, IdempotencyLayer, KeyRule, Refused, RefusedKind, Scope,
};
use tower::{Layer, ServiceExt};

use super::support::*;

const AT_ONCE: std::time::Duration = std::time::Duration::ZERO;

#[tokio::test]
async fn the_second_try_is_given_the_first_answer() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, AT_ONCE));
    let first = ask(&service, post("a")).await;
    let second = ask(&service, post("\"a\"")).await;
    assert_eq!((first.status, first.text(), first.is_replayed()), (201, "order 1", false));
    assert_eq!((second.status, second.text(), second.is_replayed()), (201, "order 1", true));
    // The first answer is the handler's, the second has what is to be given again.
    assert!(first.headers.contains_key("set-cookie") && first.headers.contains_key("x-trace"));
    let mut names: Vec<_> = second.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "idempotency-replayed", "location"]);
    assert_eq!(effects.count(), 1);
    // One claim and one completion for the first, one claim for the second.
    let calls = [&store.claims, &store.completions, &store.releases, &store.renewals];
    assert_eq!(calls.map(Line::count), [2, 1, 0, 0]);
}

#[tokio::test]
async fn a_key_that_is_missing_or_none_is_refused() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, AT_ONCE));
    let without = Request::post("/orders").body(Body::empty()).unwrap();
    assert_eq!(ask(&service, without).await.refusal(), refused(400, "IDEMPOTENCY_KEY_MISSING"));
    let mut twice = post("a");
    twice.headers_mut().append("idempotency-key", HeaderValue::from_static("b"));
    let mut disagreeing = post("a");
    disagreeing.headers_mut().append("x-idempotency-key", HeaderValue::from_static("b"));
    for request in
        [post(""), post("\"\""), post("a, b"), post(&"k".repeat(256)), twice, disagreeing]
    {
        let refusal = ask(&service, request).await.refusal();
        assert_eq!(refusal, refused(400, "IDEMPOTENCY_KEY_INVALID"));
    }
    assert_eq!((store.claims.count(), effects.count()), (0, 0));
}

#[tokio::test]
async fn what_needs_no_key_runs_each_time() {
    let (store, effects) = (store(), Effects::default());
    let by_path = |request: &http::request::Parts| match request.uri.path() {
        "/free" => KeyRule::Ignored,
        "/may" => KeyRule::Optional,
        _ => KeyRule::Required,
    };
    let layer = process(&store).required_by(by_path);
    let service = served(&layer, orders(&effects, AT_ONCE));
    let request = |method: Method, path: &str, key: Option<&str>| {
        let request = Request::builder().method(method).uri(path);
        let request = key.into_iter().fold(request, |it, key| it.header("idempotency-key", key));
        request.body(Body::empty()).unwrap()
    };
    for (method, path, key) in [
        (Method::GET, "/orders", Some("a")),
        (Method::PUT, "/orders", None),
        (Method::POST, "/free", Some("not, a key")),
        (Method::POST, "/may", None),
    ] {
        let before = effects.count();
        for _ in 0..2 {
            let seen = ask(&service, request(method.clone(), path, key)).await;
            assert_eq!((seen.status, seen.is_replayed()), (201, false));
        }
        assert_eq!(effects.count(), before + 2, "{method} {path}");
    }
    assert_eq!(store.claims.count(), 0);
    assert_eq!(ask(&service, request(Method::POST, "/may", Some("a"))).await.status, 201);
    assert!(ask(&service, request(Method::POST, "/may", Some("a"))).await.is_replayed());
    assert_eq!(ask(&service, request(Method::PATCH, "/else", None)).await.status, 400);
}

/// Scenario 24.
#[tokio::test(start_paused = true)]
async fn another_request_with_the_key_is_refused_whether_it_runs_or_has_run() {
    let (store, effects) = (store(), Effects::default());
    let here = served(&process(&store), orders(&effects, SECOND));
    let there = served(&process(&store), orders(&effects, SECOND));
    let first = tokio::spawn({
        let here = here.clone();
        async move { ask(&here, post_of("a", "one")).await }
    });
    settle().await;
    let reused = refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(ask(&here, post_of("a", "two")).await.refusal(), reused);
    assert_eq!(ask(&there, post_of("a", "two")).await.refusal(), reused);
    assert_eq!(first.await.unwrap().status, 201);
    assert_eq!(ask(&here, post_of("a", "two")).await.refusal(), reused);
    assert_eq!(ask(&there, post_of("a", "two")).await.refusal(), reused);
    let mut queried = post_of("a", "one");
    *queried.uri_mut() = "/orders?dry=1".parse().unwrap();
    assert_eq!(ask(&here, queried).await.refusal(), reused);
    assert_eq!(effects.count(), 1);
}

/// Whoever was asked first in this process: the store knows which of them is wrong.
#[tokio::test(start_paused = true)]
async fn a_retry_is_not_refused_for_a_wrong_request_that_asks_at_the_same_time() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, AT_ONCE));
    ask(&service, post_of("a", "right")).await;
    store.claims.then([Fault::Late(50)]);
    let (wrong, right) =
        tokio::join!(ask(&service, post_of("a", "wrong")), ask(&service, post_of("a", "right")));
    assert_eq!(wrong.refusal(), refused(422, "IDEMPOTENCY_KEY_REUSED"));
    assert!(right.is_replayed(), "{right:?}");
    assert_eq!(effects.count(), 1);
}

/// Scenario 25.
#[tokio::test]
async fn a_key_is_its_callers_and_its_routes() {
    let (store, effects) = (store(), Effects::default());
    let layer = IdempotencyLayer::at_least_once(store.clone()).scope(|request| {
        let caller = request.headers.get("x-api-key")?.to_str().ok()?;
        Some(Scope::of([caller, request.uri.path()]))
    });
    let service = served(&layer, orders(&effects, AT_ONCE));
    let of = |caller: &str, path: &str| {
        let request = Request::post(path).header("idempotency-key", "a");
        request.header("x-api-key", caller).body(Body::empty()).unwrap()
    };
    for (caller, path) in [("ann", "/orders"), ("bob", "/orders"), ("ann", "/refunds")] {
        let seen = ask(&service, of(caller, path)).await;
        assert!(!seen.is_replayed(), "{caller} {path}");
        assert_eq!(ask(&service, of(caller, path)).await.text(), seen.text());
    }
    assert_eq!(effects.count(), 3);
    let nobody = ask(&service, post("a")).await;
    assert_eq!(nobody.refusal(), refused(401, "IDEMPOTENCY_SCOPE_MISSING"));
}

#[tokio::test]
async fn a_fingerprint_of_ones_own_decides_what_is_the_same() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).fingerprint(|request, body| {
        let body = body.to_ascii_lowercase();
        Fingerprint::of([request.uri.path().as_bytes(), &body])
    });
    let service = served(&layer, orders(&effects, AT_ONCE));
    ask(&service, post_of("a", "body")).await;
    assert!(ask(&service, post_of("a", "BODY")).await.is_replayed());
    assert_eq!(ask(&service, post_of("a", "else")).await.status, 422);
}

#[tokio::test]
async fn who_may_no_longer_see_it_is_not_given_it() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store).reauthorize(|request| {
        let revoked = request.headers.contains_key("x-revoked");
        async move { !revoked }
    });
    let service = served(&layer, orders(&effects, AT_ONCE));
    ask(&service, post("a")).await;
    let mut revoked = post("a");
    revoked.headers_mut().insert("x-revoked", HeaderValue::from_static("1"));
    let refusal = ask(&service, revoked).await.refusal();
    assert_eq!(refusal, refused(403, "IDEMPOTENCY_REPLAY_FORBIDDEN"));
    assert!(ask(&service, post("a")).await.is_replayed());
}

/// Nor by way of a claim that is lost to another who is answered.
#[tokio::test(start_paused = true)]
async fn who_may_not_see_it_is_not_given_it_in_place_of_an_own_answer() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.always(Fault::Before);
    let layer = process(&store).reauthorize(|_| async { false });
    let slow = served(&layer, orders(&effects, 2 * LEASE));
    let first = tokio::spawn(async move { ask(&slow, post("a")).await });
    tokio::time::sleep(LEASE).await;
    let there = served(&process(&store), orders(&effects, AT_ONCE));
    assert_eq!(ask(&there, post("a")).await.text(), "order 1");
    let refusal = first.await.unwrap().refusal();
    assert_eq!(refusal, refused(403, "IDEMPOTENCY_REPLAY_FORBIDDEN"));
}

/// Scenario 25, inside of a nested router, which takes the tenant off the path.
#[tokio::test]
async fn nested_routes_of_two_tenants_are_two() {
    use axum::extract::OriginalUri;
    use http::request::Parts;

    fn target(request: &Parts) -> http::Uri {
        let original = request.extensions.get().map(|OriginalUri(uri)| uri);
        original.unwrap_or(&request.uri).clone()
    }
    async fn create(OriginalUri(uri): OriginalUri) -> String {
        uri.to_string()
    }
    let by_target = |request: &Parts| Scope::of([target(request).path()]);
    let process = || IdempotencyLayer::at_least_once(store());
    let scoped = process().scope(by_target).target(target);
    // What differs only in the part that is taken off is another request, too.
    let unscoped = process().scope(|_| Scope::everybody()).target(target);
    for (layer, others) in [(scoped, 200), (unscoped, 422)] {
        let orders = axum::Router::new().route("/orders", axum::routing::post(create));
        let app = axum::Router::new().nest("/tenants/{tenant}", orders.layer(layer.respond()));
        let of = |tenant: u8| {
            let request = Request::post(format!("/tenants/{tenant}/orders"));
            request.header("idempotency-key", "a").body(Body::empty()).unwrap()
        };
        assert_eq!(ask(&app, of(7)).await.text(), "/tenants/7/orders");
        let other = ask(&app, of(8)).await;
        assert_eq!((other.status, other.is_replayed()), (others, false));
        assert!(others != 200 || other.text() == "/tenants/8/orders");
        assert!(ask(&app, of(7)).await.is_replayed());
    }
}

#[tokio::test]
async fn headers_of_the_connection_are_never_given_again() {
    let names = ["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"]
        .map(http::HeaderName::from_static);
    let service = served(&process(&store()).replay_headers(names.clone()), move |_| {
        let mut response = created(1);
        for name in &names {
            response.headers_mut().insert(name, HeaderValue::from_static("7"));
        }
        for (name, value) in [("retry-after", "5"), ("allow", "POST"), ("content-location", "/1")] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        std::future::ready(response)
    });
    ask(&service, post("a")).await;
    let replayed = ask(&service, post("a")).await;
    let mut names: Vec<_> = replayed.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let kept = ["allow", "content-location", "content-type", "idempotency-replayed", "location"];
    assert_eq!(names, [&kept[..], &["retry-after"]].concat());
}

#[tokio::test]
async fn headers_that_are_named_are_given_again_and_cookies_never() {
    let (store, effects) = (store(), Effects::default());
    let names = ["x-trace", "set-cookie"].map(http::HeaderName::from_static);
    let layer = process(&store).replay_headers(names);
    let service = served(&layer, orders(&effects, AT_ONCE));
    ask(&service, post("a")).await;
    let replayed = ask(&service, post("a")).await;
    assert!(replayed.headers.contains_key("x-trace"));
    assert!(!replayed.headers.contains_key("set-cookie"));
}

/// A layer around this one, such as that of `mainstay-errors`, can give refusals its own shape.
#[tokio::test]
async fn a_refusal_that_is_not_answered_is_an_error_with_its_type() {
    let inner = tower::service_fn(|_| async { Err::<axum::response::Response, _>("inner") });
    let inner = inner.map_err(std::io::Error::other);
    let service = process(&store()).layer(inner);
    let without = Request::post("/orders").body(Body::empty()).unwrap();
    let error = service.clone().oneshot(without).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<Refused>());
    assert_eq!(source.map(Refused::kind), Some(RefusedKind::KeyMissing));
    let error = service.oneshot(post("a")).await.unwrap_err();
    assert!(error.source().is_some_and(<dyn StdError>::is::<std::io::Error>));
}

/// As happens where a router that has the layer is nested in one that has it too.
#[tokio::test(start_paused = true)]
async fn a_layer_inside_of_itself_does_not_wait_for_itself() {
    let (store, effects) = (store(), Effects::default());
    let layer = process(&store);
    let handler = orders(&effects, SECOND);
    let inner =
        tower::service_fn(move |request: Request<IdempotencyBody<IdempotencyBody<Body>>>| {
            let answer = handler(request.map(|_| IdempotencyBody::default()));
            async { Ok::<_, Infallible>(answer.await) }
        });
    let service = layer.clone().respond().layer(layer.respond().layer(inner));
    for is_replayed in [false, true] {
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.text(), seen.is_replayed()), ("order 1", is_replayed));
    }
    assert_eq!((effects.count(), store.claims.count()), (1, 2));
}
