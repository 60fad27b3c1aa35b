//! What is paid in is counted; nothing is repeated.

pub(crate) use crate::call::counted::around;
