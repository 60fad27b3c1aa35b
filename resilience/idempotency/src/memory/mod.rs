mod builder;
mod clock;
mod entry;
mod expiries;
mod fence;
mod shard;
mod store;
mod usage;

pub use self::builder::MemoryStoreBuilder;
pub use self::store::MemoryStore;
