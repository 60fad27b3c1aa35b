/// Compiles where `T` may go to another thread, be shared by threads, and live on.
///
/// [`Subject`](super::Subject) asks this of services and all but `Sync` of their futures; this is
/// for layers, errors, bodies and futures of which more was promised.
pub const fn is_send_sync_static<T: Send + Sync + 'static>() {}
