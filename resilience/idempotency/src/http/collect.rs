//! Bodies, read within limits.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::LengthLimitError;

use super::body::{IdempotencyBody, Read};
use super::refused::{Refused, RefusedKind};
use super::service::BoxError;
use crate::together::Within;

/// How reading a body has ended.
enum End<E> {
    /// With all of it.
    Whole(Option<HeaderMap>),
    /// With more than is wanted.
    TooMuch,
    Broken(E),
}

async fn read<B: Body<Data = Bytes>>(
    mut body: Pin<&mut B>,
    limit: usize,
    read: &mut Read,
) -> End<B::Error> {
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return End::Broken(error),
        };
        match frame.into_data() {
            Ok(data) => read.push(data),
            // Nothing comes after them.
            Err(frame) => return End::Whole(frame.into_trailers().ok()),
        }
        if read.len() > limit {
            return End::TooMuch;
        }
    }
    End::Whole(None)
}

fn is_longer<B: Body>(body: &B, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}

/// The body of a request, which has to be there before anything is done.
pub(super) async fn request<B>(body: B, limit: usize) -> Result<(Bytes, Option<HeaderMap>), Refused>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if is_longer(&body, limit) {
        return Err(Refused::new(RefusedKind::BodyTooLarge));
    }
    let mut pieces = Read::default();
    match read(pin!(body), limit, &mut pieces).await {
        End::Whole(trailers) => Ok((pieces.into_bytes(), trailers)),
        End::TooMuch => Err(Refused::new(RefusedKind::BodyTooLarge)),
        End::Broken(error) => Err(Refused::new(broken(&*error.into()))),
    }
}

/// A limit of somebody else's, such as a layer around this one, says so in the error.
fn broken(error: &(dyn StdError + 'static)) -> RefusedKind {
    let mut link = Some(error);
    // A chain longer than this is a cycle or as good as one.
    for _ in 0..16 {
        let Some(error) = link else { break };
        if error.is::<LengthLimitError>() {
            return RefusedKind::BodyTooLarge;
        }
        link = error.source();
    }
    RefusedKind::BodyUnreadable
}

/// The body of a response, as far as it was read.
pub(super) enum Collected<B: Body> {
    Whole(Bytes, Option<HeaderMap>),
    /// It is too long, or a stream.
    GoesOn(IdempotencyBody<B>),
    Broken(IdempotencyBody<B>),
}

pub(super) async fn response<B: Body<Data = Bytes>>(
    body: B,
    limit: usize,
    stream_after: Duration,
) -> Collected<B> {
    if is_longer(&body, limit) {
        return Collected::GoesOn(IdempotencyBody::unread(body));
    }
    let mut pieces = Read::default();
    if let Some(exact) = body.size_hint().exact() {
        let exact = usize::try_from(exact).unwrap_or(limit);
        return match read(pin!(body), exact, &mut pieces).await {
            End::Broken(error) => Collected::Broken(IdempotencyBody::broken(pieces, error)),
            End::Whole(trailers) => Collected::Whole(pieces.into_bytes(), trailers),
            // What a body has beyond its own length no server would send.
            End::TooMuch => Collected::Whole(pieces.into_bytes().split_to(exact), None),
        };
    }
    // In a box, as it is moved on if it turns out to be a stream.
    let mut body = Box::pin(body);
    match Within::new(stream_after, read(body.as_mut(), limit, &mut pieces)).await {
        Some(End::Whole(trailers)) => Collected::Whole(pieces.into_bytes(), trailers),
        Some(End::Broken(error)) => Collected::Broken(IdempotencyBody::broken(pieces, error)),
        Some(End::TooMuch) | None => Collected::GoesOn(IdempotencyBody::begun(pieces, body)),
    }
}
