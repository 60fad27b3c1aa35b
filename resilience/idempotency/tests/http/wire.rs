//! Answers as they are on a socket.

use axum::Router;
use axum::body::Body;
use axum::routing::post as route;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::support::*;

const REQUEST: &[u8] =
    b"POST /orders HTTP/1.1\r\nhost: a\r\nte: trailers\r\nidempotency-key: k\r\n\
    content-length: 1\r\nconnection: close\r\n\r\nb";

/// All that two clients read, one after the other, from a server that answers so.
async fn read_twice(answer: fn() -> Response<Body>) -> [String; 2] {
    let handler = move || std::future::ready(answer());
    let app = Router::new().route("/orders", route(handler));
    let app = app.layer(process(&store()).respond());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut seen = [String::new(), String::new()];
    for seen in &mut seen {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(REQUEST).await.unwrap();
        let mut read = Vec::new();
        // What breaks off may be reset.
        drop(client.read_to_end(&mut read).await);
        *seen = String::from_utf8(read).unwrap();
    }
    server.abort();
    seen
}

/// A client that is told the length, or the end, takes half an answer for the whole.
#[tokio::test]
async fn an_answer_that_breaks_off_is_not_complete() {
    fn broken() -> Response<Body> {
        let frames = [Ok(Frame::data(Bytes::from_static(b"half"))), Err("reset")];
        Response::new(Body::new(StreamBody::new(stream::iter(frames))))
    }
    for seen in read_twice(broken).await {
        assert!(!seen.contains("content-length"), "{seen}");
        assert!(!seen.ends_with("0\r\n\r\n"), "{seen}");
    }
}

#[tokio::test]
async fn trailers_are_given_again() {
    fn with_trailers() -> Response<Body> {
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-sum"),
            HeaderValue::from_static("7"),
        )]);
        let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)];
        let frames = frames.map(Ok::<_, std::convert::Infallible>);
        let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
        response.headers_mut().insert("trailer", HeaderValue::from_static("x-sum"));
        response
    }
    let [first, second] = read_twice(with_trailers).await;
    for seen in [&first, &second] {
        assert!(seen.ends_with("5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n"), "{seen}");
    }
    assert!(!first.contains("idempotency-replayed") && second.contains("idempotency-replayed"));
}
