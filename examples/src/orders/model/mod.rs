//! What an order is, and what it has to be like.

mod id;
mod list;
mod new_order;
mod order;
pub mod rules;
mod violations;
mod words;

pub use id::OrderId;
pub use list::{Cursor, ListDraft, ListQuery};
pub use new_order::{LineDraft, NewOrder, OrderDraft, REQUIRED};
pub use order::{Line, Order, Payment};
pub use violations::Violations;
pub use words::{Currency, Status};
