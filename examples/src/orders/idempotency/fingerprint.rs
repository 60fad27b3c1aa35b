use mainstay_idempotency::Fingerprint;

use crate::orders::model::NewOrder;

/// What tells one order from another: what it means and not how it was written, which is the same
/// for two encodings of one document or message.
pub fn fingerprint(new: &NewOrder) -> Result<Fingerprint, serde_json::Error> {
    Ok(Fingerprint::of([serde_json::to_vec(new)?.as_slice()]))
}
